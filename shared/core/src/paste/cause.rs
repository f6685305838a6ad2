//! What stands behind an error that is no lock held by somebody.

use super::found::Cause;
use super::message::Message;

/// Words of services and of Go, in lower case and without spaces. The first that fits counts, so the exact come before
/// the general: an expired token is answered with 403 too.
const ENVIRONMENT: [(Cause, &[&str]); 10] = [
    (
        Cause::WrongPassphrase,
        &[
            "decryptionfailed",
            "passphrase",
            "messageauthenticationfailed",
            "failedtodecrypt",
        ],
    ),
    (
        Cause::DiskFull,
        &[
            "nospaceleftondevice",
            "diskquotaexceeded",
            "notenoughspaceonthedisk",
        ],
    ),
    (
        Cause::ExpiredCredentials,
        &[
            "expiredtoken",
            "tokenhasexpired",
            "securitytokenincludedintherequestisexpired",
            "requestexpired",
            "tokenisexpired",
            "ssosessionhasexpired",
        ],
    ),
    (
        Cause::BadCredentials,
        &[
            "unrecognizedclientexception",
            "invalidclienttokenid",
            "invalidaccesskeyid",
            "signaturedoesnotmatch",
            "novalidcredential",
            "nocredentialproviders",
            "unabletolocatecredentials",
            "failedtorefreshcachedcredentials",
            "failedtoretrievecredentials",
            "incompletesignature",
            "requiresauth",
            "invalidauth",
        ],
    ),
    (Cause::MissingTable, &["resourcenotfoundexception"]),
    (Cause::MissingBucket, &["nosuchbucket"]),
    (Cause::WrongKeySchema, &["validationexception"]),
    (
        Cause::Throttled,
        &[
            "provisionedthroughputexceeded",
            "throttl",
            "slowdown",
            "requestlimitexceeded",
        ],
    ),
    (
        Cause::AccessDenied,
        &[
            "accessdenied",
            "notauthorized",
            "authorizationpermissionmismatch",
            "authorizationfailed",
            "statuscode:403",
            "error403",
            "forbidden",
            "permissiondenied",
        ],
    ),
    (
        Cause::Unreachable,
        &[
            "requestsendfailed",
            "connectionrefused",
            "nosuchhost",
            "i/otimeout",
            "dialtcp",
            "contextdeadlineexceeded",
            "tlshandshaketimeout",
            "x509:",
        ],
    ),
];

/// What is printed where the lock should be, in lower case and without spaces.
const RECORD: [(Cause, &[&str]); 3] = [
    (Cause::Conflict, &["conditionalrequestconflict"]),
    (
        Cause::Unreadable,
        &["invalidcharacter", "unabletojsonparse", "cannotunmarshal"],
    ),
    (
        Cause::EmptyOrGone,
        &[
            "unexpectedendofjsoninput",
            "nolockinfofoundfor",
            "nosuchkey",
            "emptylockinfofound",
            "statuscode:404",
            "notexists",
            "alreadyunlocked",
        ],
    ),
];

/// A fault around the lock: rights, network, table.
pub(super) fn of_environment(message: &Message) -> Option<Cause> {
    first(&ENVIRONMENT, message)
}

/// A fault of the record itself.
pub(super) fn of_record(message: &Message) -> Option<Cause> {
    first(&RECORD, message)
}

fn first(table: &[(Cause, &[&str])], message: &Message) -> Option<Cause> {
    table
        .iter()
        .find(|(_, phrases)| message.says_one_of(phrases))
        .map(|(cause, _)| *cause)
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
