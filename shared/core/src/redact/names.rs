//! Whether a name sounds as if a secret stood beside it.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use super::kind::Kind;

/// What a name says about its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hint {
    /// The value is a secret, whatever it looks like: `db_password`, `AWS_SECRET_ACCESS_KEY`.
    Certain(Kind),
    /// The value is a secret if it looks like one: `auth`, `password_for_ci`, `credentials`.
    Likely(Kind),
}

/// What `name` says; `None` where it does not sound like a secret, or names a property of one such as `password_length`.
pub(super) fn hint(name: &str) -> Option<Hint> {
    let all = words(name);
    // `TF_TOKEN_app_terraform_io`: the host stands behind (Terraform, internal/command/cliconfig/credentials.go).
    if all.starts_with(&["tf".to_owned(), "token".to_owned()]) && all.len() > 2 {
        return Some(Hint::Certain(Kind::Token));
    }
    // Not secret in itself, but it says whose secret key stands beside it.
    if all.ends_with(&["access", "key", "id"].map(str::to_owned)) {
        return Some(Hint::Certain(Kind::AwsAccessKey));
    }
    // `ExpiredToken: …` is an error and not a token.
    if all.iter().any(|word| is_one_of(&JUDGEMENTS, word)) {
        return None;
    }
    let mut words: &[String] = &all;
    while let Some((last, rest)) = words.split_last() {
        if rest.is_empty() || !is_qualifier(last) {
            break;
        }
        words = rest;
    }
    let (last, before) = words.split_last()?;
    let previous = before.last().map_or("", String::as_str);
    if let Some(kind) = certain(previous, last) {
        return Some(Hint::Certain(kind));
    }
    // `STRIPE_KEY`: whose key it is nobody can list, but what else a key can be.
    if last == "key" && !previous.is_empty() && !is_one_of(&KEYS_OF_DATA, previous) {
        return Some(Hint::Likely(Kind::Secret));
    }
    if is_one_of(&PROPERTIES, last) {
        return None;
    }
    let sounds_so = |word: &String| is_one_of(&LIKELY, word) || kind_of_word(word).is_some();
    words
        .iter()
        .any(sounds_so)
        .then_some(Hint::Likely(Kind::Secret))
}

/// Whether `name` stands for several secrets, so that its value is a map or a list of them: `db_passwords`, `secrets`.
pub(super) fn is_collection(name: &str) -> bool {
    let words = words(name);
    let last = words.last().map_or("", String::as_str);
    matches!(last, "secrets" | "passwords" | "tokens" | "passphrases")
}

/// Whether `name` names a property of whatever it belongs to, such as its path.
pub(super) fn is_property(name: &str) -> bool {
    let words = words(name);
    words.last().is_none_or(|last| is_one_of(&PROPERTIES, last))
}

/// The kind of secret that a name with these two last words stands for.
fn certain(previous: &str, last: &str) -> Option<Kind> {
    match (previous, last) {
        ("secret", "id") => Some(Kind::Secret),
        // A kubeconfig's `client-key-data`.
        ("key", "data") => Some(Kind::PrivateKey),
        ("access" | "secret", "key") => Some(Kind::AwsSecretKey),
        ("private" | "ssh" | "rsa", "key") => Some(Kind::PrivateKey),
        ("customer" | "encryption" | "master" | "cipher" | "kek" | "dek", "key") => {
            Some(Kind::EncryptionKey)
        }
        (
            "api" | "account" | "shared" | "storage" | "signing" | "auth" | "session" | "license"
            | "deploy" | "application" | "app" | "client" | "service" | "subscription" | "webhook"
            | "routing" | "integration" | "consumer" | "hmac" | "preshared",
            "key",
        ) => Some(Kind::ApiKey),
        ("access" | "shared", "signature") => Some(Kind::Signature),
        (_, word) => kind_of_word(word),
    }
}

/// The kind that one word names, also at the end of words written as one: `PGPASSWORD`, `authtoken`.
fn kind_of_word(word: &str) -> Option<Kind> {
    const ENDS: [(&str, Kind); 19] = [
        ("password", Kind::Password),
        ("passwords", Kind::Password),
        ("passwd", Kind::Password),
        ("passphrase", Kind::Password),
        ("passcode", Kind::Password),
        ("pwd", Kind::Password),
        ("secretkey", Kind::AwsSecretKey),
        ("accesskey", Kind::AwsSecretKey),
        ("privatekey", Kind::PrivateKey),
        ("encryptionkey", Kind::EncryptionKey),
        ("apikey", Kind::ApiKey),
        ("accountkey", Kind::ApiKey),
        ("sharedkey", Kind::ApiKey),
        ("authkey", Kind::ApiKey),
        ("presharedkey", Kind::ApiKey),
        ("hmackey", Kind::ApiKey),
        ("secret", Kind::Secret),
        ("token", Kind::Token),
        ("sharedaccesssignature", Kind::Signature),
    ];
    match word {
        "pass" | "pw" => return Some(Kind::Password),
        "salt" => return Some(Kind::EncryptionKey),
        // What a cluster keeps of a registry's passwords (Kubernetes, "Docker config Secrets").
        "dockerconfigjson" | "dockercfg" => return Some(Kind::Secret),
        _ => {}
    }
    ENDS.iter()
        .find(|(end, _)| word.ends_with(end))
        .map(|(_, kind)| *kind)
}

/// Words that make a name worth a look without settling it.
static LIKELY: Words = LazyLock::new(|| {
    words_of("auth authorization cookie credential credentials creds secrets tokens sas")
});

/// Words in the name of an error about a secret. They may stand anywhere in it.
static JUDGEMENTS: Words = LazyLock::new(|| {
    words_of("bad error exception expired invalid malformed missing unknown unrecognized")
});

/// Last words of a name that names a property of a secret, not the secret.
static PROPERTIES: Words = LazyLock::new(|| {
    words_of(
        "accessor age alg algorithm arn arns at attribute audience backend bucket characters checksum class column \
    command count created date days description digest dir directory disabled duration enabled endpoint engine \
    env exists expiration expires expiry field file filename files format generation header hint hours id ids \
    input issuer key keys kind label length lifetime limit lookup manager max md5 method min minutes mode name \
    names namespace num path paths period policies policy port prefix profile prompt provider ref refresh region \
    required reset retries role rotation scope scopes seconds selector service sha1 sha256 size source state \
    status store suffix table template timeout ttl type types updated uri url urls usage user username \
    validation version versions window",
    )
});

/// What stands before `key` where it is the key of some data, or no secret.
static KEYS_OF_DATA: Words = LazyLock::new(|| {
    words_of(
        "attribute backend cache column composite condition config context cursor dedup event fault foreign group hash \
    host idempotency index item kms label lock log map message metric natural object order parent partition path primary public queue \
    range record redis region registry restore ring route row s3 save search shard sort ssm state store surrogate table tag thread \
    topic translation unique workspace",
    )
});

/// Words that may follow the name of a secret without changing what it is: `password_old`, `TOKEN_PROD`.
static QUALIFIERS: Words = LazyLock::new(|| {
    words_of(
        "b64 base64 current default dev encoded main new old plain plaintext prev previous primary prod production \
    raw secondary stage staging string test text value",
    )
});

fn is_qualifier(word: &str) -> bool {
    is_one_of(&QUALIFIERS, word) || word.bytes().all(|byte| byte.is_ascii_digit())
}

/// Words to look up. A log has names without number.
type Words = LazyLock<BTreeSet<&'static str>>;

fn words_of(list: &'static str) -> BTreeSet<&'static str> {
    list.split(' ').collect()
}

fn is_one_of(words: &Words, word: &str) -> bool {
    words.contains(word)
}

/// The words of a name in any of the usual spellings, in lower case: `dbPassword`, `DB_PASSWORD`, `db-password`.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    let mut before = None;
    let mut characters = name.chars().peekable();
    while let Some(character) = characters.next() {
        let is_start = character.is_ascii_uppercase()
            && match before {
                Some('a'..='z' | '0'..='9') => true,
                // The last capital of a run begins a word: `APIKey` is `API` and `Key`.
                Some('A'..='Z') => characters.peek().is_some_and(char::is_ascii_lowercase),
                _ => false,
            };
        if is_start || !character.is_ascii_alphanumeric() {
            words.push(std::mem::take(&mut word));
        }
        if character.is_ascii_alphanumeric() {
            word.push(character.to_ascii_lowercase());
        }
        before = Some(character);
    }
    words.push(word);
    for word in &mut words {
        let end = word.trim_end_matches(|character: char| character.is_ascii_digit());
        let is_known = is_one_of(&PROPERTIES, word) || is_one_of(&QUALIFIERS, word);
        if !end.is_empty() && !is_known {
            word.truncate(end.len());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_ends_in_a_secret_is_one_in_every_spelling() {
        for (name, kind) in [
            ("password", Kind::Password),
            ("TF_VAR_db_password", Kind::Password),
            ("dbPassword", Kind::Password),
            ("PGPASSWORD", Kind::Password),
            ("password2", Kind::Password),
            ("db-passwd_old", Kind::Password),
            ("DB_PASS", Kind::Password),
            ("pass", Kind::Password),
            ("aws_secret_access_key", Kind::AwsSecretKey),
            ("SecretAccessKey", Kind::AwsSecretKey),
            ("AWS_ACCESS_KEY", Kind::AwsSecretKey),
            ("secretKey", Kind::AwsSecretKey),
            ("AWS_ACCESS_KEY_ID", Kind::AwsAccessKey),
            ("token", Kind::Token),
            ("TF_TOKEN_app_terraform_io", Kind::Token),
            ("X-Amz-Security-Token", Kind::Token),
            ("_authToken", Kind::Token),
            ("sse_customer_key", Kind::EncryptionKey),
            ("AWS_SSE_CUSTOMER_KEY", Kind::EncryptionKey),
            ("APIKey", Kind::ApiKey),
            ("AccountKey", Kind::ApiKey),
            ("private_key", Kind::PrivateKey),
            ("SharedAccessSignature", Kind::Signature),
            ("var.client_secret", Kind::Secret),
            ("secret_id", Kind::Secret),
        ] {
            assert_eq!(hint(name), Some(Hint::Certain(kind)), "{name}");
        }
    }

    #[test]
    fn the_key_of_some_data_is_no_secret() {
        for name in [
            "key",
            "hash_key",
            "StateKey",
            "cache-key",
            "s3_object_key",
            "kms_key",
        ] {
            assert_eq!(hint(name), None, "{name}");
        }
    }

    #[test]
    fn a_name_that_only_mentions_a_secret_wants_a_value_that_looks_like_one() {
        for name in [
            "auth",
            "credentials",
            "password_for_ci",
            "secrets",
            "Cookie",
            "STRIPE_KEY",
            "aes-key",
            "jwtKey",
        ] {
            assert!(matches!(hint(name), Some(Hint::Likely(_))), "{name}");
        }
    }

    #[test]
    fn what_belongs_to_a_secret_is_not_the_secret() {
        for name in [
            "password_length",
            "token_type",
            "kms_key_id",
            "secret_arn",
            "key",
            "hash_key",
            "LockID",
            "Keys",
            "sse_customer_key_md5",
            "web_identity_token_file",
            "skip_credentials_validation",
            "ExpiredToken",
            "InvalidClientTokenId",
            "secret_suffix",
            "shared_credentials_files",
            "private_key_path",
            "token_ttl",
            "Who",
            "",
        ] {
            assert_eq!(hint(name), None, "{name}");
        }
    }
}
