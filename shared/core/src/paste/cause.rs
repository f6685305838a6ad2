//! What stands behind an error that is no lock held by somebody.
//!
//! All of this is looked for in a message without names (see `names`), so that no bucket, key or table decides.

use super::found::Cause;
use super::message::Message;

/// How a cause is known.
struct Signs {
    cause: Cause,
    /// Codes and phrases of services and of Go, in lower case and without spaces, each too odd to be met by chance.
    phrases: &'static [&'static str],
    /// Words that count only by themselves.
    words: &'static [&'static str],
}

/// The first that fits counts, so the exact come before the general: an expired token is answered with 403 too.
const ENVIRONMENT: [Signs; 18] = [
    // Terraform's `s3/client.go: Lock`, with both mechanisms. It quotes two more errors.
    Signs {
        cause: Cause::LockFileLeft,
        phrases: &["failedtocleanupfilelock"],
        words: &[],
    },
    // OpenTofu's `internal/encryption`.
    Signs {
        cause: Cause::WrongPassphrase,
        phrases: &[
            "decryptionfailed",
            "messageauthenticationfailed",
            "failedtodecrypt",
        ],
        words: &["passphrase"],
    },
    Signs {
        cause: Cause::DiskFull,
        phrases: &[
            "nospaceleftondevice",
            "diskquotaexceeded",
            "notenoughspaceonthedisk",
        ],
        words: &[],
    },
    // S3 hands on what KMS says, with `KMS.` in front; DynamoDB answers `AccessDeniedException: KMS key access denied`.
    Signs {
        cause: Cause::KmsKey,
        phrases: &[
            "kms.disabledexception",
            "kms.notfoundexception",
            "kms.kmsinvalidstateexception",
            "kms.invalidstateexception",
            "kmskeyaccessdenied",
            "toperform:kms:",
            "ciphertextreferstoacustomermasterkey",
        ],
        words: &[],
    },
    // Signature version 4 holds a time; services take 5 to 15 minutes of difference.
    Signs {
        cause: Cause::ClockSkew,
        phrases: &[
            "requesttimetooskewed",
            "signaturenotyetcurrent",
            "signatureexpired",
        ],
        words: &[],
    },
    Signs {
        cause: Cause::ExpiredCredentials,
        phrases: &[
            "expiredtoken",
            "tokenhasexpired",
            "securitytokenincludedintherequestisexpired",
            "requestexpired",
            "tokenisexpired",
            "ssosessionhasexpired",
        ],
        words: &[],
    },
    Signs {
        cause: Cause::WrongRegion,
        phrases: &[
            "permanentredirect",
            "movedpermanently",
            "statuscode:301",
            "bucketregionerror",
            "authorizationheadermalformed",
        ],
        words: &[],
    },
    Signs {
        cause: Cause::BadCredentials,
        phrases: &[
            "unrecognizedclientexception",
            "invalidclienttokenid",
            "invalidaccesskeyid",
            "signaturedoesnotmatch",
            "invalidsignatureexception",
            "novalidcredential",
            "nocredentialproviders",
            "unabletolocatecredentials",
            "failedtorefreshcachedcredentials",
            "failedtoretrievecredentials",
            "incompletesignature",
            "requiresauth",
            "invalidauth",
        ],
        words: &["unauthorized"],
    },
    Signs {
        cause: Cause::MissingTable,
        phrases: &["resourcenotfoundexception"],
        words: &[],
    },
    // S3; then GCS's Go library, its service, and Azure.
    Signs {
        cause: Cause::MissingBucket,
        phrases: &[
            "nosuchbucket",
            "bucketdoesn'texist",
            "specifiedbucketdoesnotexist",
            "specifiedcontainerdoesnotexist",
        ],
        words: &[],
    },
    Signs {
        cause: Cause::WrongKeySchema,
        phrases: &["validationexception"],
        words: &[],
    },
    Signs {
        cause: Cause::TableNotReady,
        phrases: &["resourceinuseexception"],
        words: &[],
    },
    // `InvalidRequest: Content-MD5 … is required for Put Object requests with Object Lock parameters`: Terraform 1.10.0
    // (hashicorp/terraform#36113).
    Signs {
        cause: Cause::ObjectLock,
        phrases: &["withobjectlockparameters"],
        words: &[],
    },
    // Backblaze B2 (hashicorp/terraform#37143) and OCI (hashicorp/terraform#36742).
    Signs {
        cause: Cause::NotImplemented,
        phrases: &[
            "statuscode:501",
            "apierrornotimplemented",
            "functionalitythatisnotimplemented",
            "oravalidsha256value",
        ],
        words: &[],
    },
    Signs {
        cause: Cause::Throttled,
        phrases: &[
            "provisionedthroughputexceeded",
            "throttlingexception",
            "requestlimitexceeded",
            "apierrorslowdown",
        ],
        words: &["throttling", "throttled", "slowdown"],
    },
    Signs {
        cause: Cause::ServiceFault,
        phrases: &[
            "statuscode:500",
            "statuscode:502",
            "statuscode:503",
            "statuscode:504",
            "error500",
            "error502",
            "error503",
            "internalservererror",
        ],
        words: &["internalerror", "internalfailure", "serviceunavailable"],
    },
    Signs {
        cause: Cause::AccessDenied,
        phrases: &[
            "accessdenied",
            "notauthorized",
            "authorizationpermissionmismatch",
            "authorizationfailed",
            "statuscode:403",
            "error403",
            "permissiondenied",
            "errormessage:resourcenotfound",
        ],
        words: &["forbidden"],
    },
    Signs {
        cause: Cause::Unreachable,
        phrases: &[
            "requestsendfailed",
            "connectionrefused",
            "connectionreset",
            "nosuchhost",
            "noroutetohost",
            "i/otimeout",
            "dialtcp",
            "contextdeadlineexceeded",
            "tlshandshaketimeout",
            "x509:",
        ],
        words: &[],
    },
];

/// What is printed where the lock should be.
const RECORD: [Signs; 3] = [
    Signs {
        cause: Cause::Conflict,
        phrases: &["conditionalrequestconflict"],
        words: &[],
    },
    Signs {
        cause: Cause::Unreadable,
        phrases: &["invalidcharacter", "unabletojsonparse", "cannotunmarshal"],
        words: &[],
    },
    Signs {
        cause: Cause::EmptyOrGone,
        phrases: &[
            "unexpectedendofjsoninput",
            "nolockinfofoundfor",
            "nosuchkey",
            "emptylockinfofound",
            "statuscode:404",
            "notexists",
            "alreadyunlocked",
        ],
        words: &[],
    },
];

/// A fault around the lock: rights, network, table.
pub(super) fn of_environment(message: &Message) -> Option<Cause> {
    // The SDK says of an interrupted request that it could not be sent, and why.
    if message.says("contextcanceled") {
        return Some(Cause::Interrupted);
    }
    first(&ENVIRONMENT, message)
}

/// A fault of the record itself.
pub(super) fn of_record(message: &Message) -> Option<Cause> {
    first(&RECORD, message)
}

fn first(table: &[Signs], message: &Message) -> Option<Cause> {
    table
        .iter()
        .find(|signs| message.says_one_of(signs.phrases) || message.has_word_of(signs.words))
        .map(|signs| signs.cause)
}

/// Whether the attempt failed because something is stored where the lock belongs.
pub(super) fn is_occupied(message: &Message) -> bool {
    message.says_one_of(&[
        "conditionalcheckfailedexception",
        "preconditionfailed",
        "statuscode:412",
        "error412",
        "alreadylocked",
        "leasealreadypresent",
        "otsconditioncheckfail",
        "resourcetemporarilyunavailable",
        "haslockedaportion",
        "ifnonematchfailed",
        ".tflockexists",
    ])
}
