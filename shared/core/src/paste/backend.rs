//! Which backend a message comes from.
//!
//! Backends share words: GCS prints 412 and "pre-conditions", Tencent's COS has `.tflock` files too. So the others are
//! asked for first, by words that only they print, and S3 last.

use super::found::PastedLock;
use super::message::Message;

/// Where a lock is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Backend {
    Dynamodb,
    S3Lockfile,
    /// The name as in a `backend` block.
    Other(&'static str),
}

/// Words that one backend alone prints, in lower case and without spaces, from `remote-state/*/client.go` in Terraform.
const OTHERS: [(&str, &[&str]); 11] = [
    (
        "gcs",
        &[
            "gs://",
            "googleapi:error",
            "conditionnotmet",
            "lockidshouldbenumericalvalue",
            "storage.googleapis.com",
        ],
    ),
    (
        "azurerm",
        &[
            "stateblobisalreadylocked",
            "leasealreadypresent",
            "leaseidmissing",
            "thereisalreadyaleasepresent",
            "thereiscurrentlyaleaseontheblob",
            "blobmetadata\"terraformlockid\"",
            ".blob.core.windows.net",
        ],
    ),
    (
        "remote",
        &[
            "workspacealreadylocked",
            "(lockid:\"",
            "doesnotmatchexistinglockid\"",
            "app.terraform.io",
            "/api/v2/workspaces",
            // All that the library says of a 404 (go-tfe's `errors.go: ErrResourceNotFound`).
            "errormessage:resourcenotfound",
        ],
    ),
    ("http", &["httpremotestate", "unexpectedhttpresponsecode"]),
    (
        "kubernetes",
        &[
            "thestateisalreadylockedbyanother",
            "lock-tfstate-",
            "stateisalreadyunlocked",
            "coordination.k8s.io",
        ],
    ),
    (
        "pg",
        &[
            "workspaceisalreadylocked:",
            "alreadylockedforworkspacecreation",
            "pg_try_advisory_lock",
            "pq:",
        ],
    ),
    (
        "cos",
        &[
            "tencentcloud-terraform-lock",
            ".myqcloud.com",
            "lockidmismatch,",
            ".tflockexists",
            ".tflocknotexists",
        ],
    ),
    (
        "oss",
        &[
            "otsconditioncheckfail",
            "invokingputrow",
            "tablestore",
            "gettinglockinfogotanerror",
            "stateinoss",
            "datainoss",
        ],
    ),
    (
        "oci",
        &[
            "ociobjectstorage",
            "opcrequestid",
            "opc-request-id",
            "objectstorageservice",
            "ifnonematchfailed",
            "failedtogetexistinglockfile",
        ],
    ),
    (
        "consul",
        &[
            "consulsession",
            "consullock",
            ":8500/v1/",
            "/v1/session/create",
        ],
    ),
    (
        "local",
        &[
            "resourcetemporarilyunavailable",
            "anotherprocesshaslockedaportionofthefile",
            ".lock.info",
            "localstatecannotbeunlocked",
        ],
    ),
];

const DYNAMODB: [&str; 7] = [
    "conditionalcheckfailedexception",
    "operationerrordynamodb",
    "dynamodbtable",
    "dynamodb:",
    "dynamodblockerror",
    "resourcenotfoundexception",
    "validationexception",
];

const S3: [&str; 7] = [
    "operationerrors3:",
    "apierrorpreconditionfailed",
    "conditionalrequestconflict",
    "froms3bucket",
    "s3lockinfo",
    "s3:putobject",
    "s3:getobject",
];

/// The backend of a message; `None` where it does not tell.
pub(super) fn of(message: &Message, lock: &PastedLock) -> Option<Backend> {
    // The only backend that fills `Info`, and its message may have no word of its own (`consul/client.go: lock`).
    let is_consul = lock
        .info
        .as_deref()
        .is_some_and(|info| info.starts_with("consul session"));
    if is_consul {
        return Some(Backend::Other("consul"));
    }
    let other = OTHERS
        .iter()
        .find(|(_, phrases)| message.says_one_of(phrases));
    if let Some((name, _)) = other {
        return Some(Backend::Other(name));
    }
    match (message.first_of(&DYNAMODB), message.first_of(&S3)) {
        (Some(dynamodb), Some(s3)) if s3 < dynamodb => Some(Backend::S3Lockfile),
        (Some(_), _) => Some(Backend::Dynamodb),
        (None, Some(_)) => Some(Backend::S3Lockfile),
        (None, None) => None,
    }
}

/// Whether the lock info is of the run that failed: what these backends print, as they cannot read the holder's.
pub(super) fn prints_own_lock(backend: Option<Backend>) -> bool {
    matches!(backend, Some(Backend::Other("remote" | "pg" | "http")))
}
