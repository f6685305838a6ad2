//! Lock records as Terraform and OpenTofu write them, byte for byte.

use jiff::Timestamp;

/// The seven fields that every version since 0.9 writes; `Info` is always empty with an S3 backend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockRecord {
    /// The lock ID: the argument of `terraform force-unlock`.
    pub id: String,
    /// What the holder does.
    pub operation: String,
    /// The holder, `user@host`.
    pub who: String,
    /// The version of Terraform or OpenTofu.
    pub version: String,
    /// When the holder began trying, by its own clock.
    pub created: String,
    /// `bucket/key`.
    pub path: String,
}

impl LockRecord {
    /// A lock that a CI runner took at this moment.
    #[must_use]
    pub fn of_a_runner(id: &str, path: &str) -> Self {
        Self {
            id: id.to_owned(),
            operation: "OperationTypeApply".to_owned(),
            who: "runner@ci-node-07".to_owned(),
            version: "1.11.4".to_owned(),
            created: Timestamp::now().to_string(),
            path: path.to_owned(),
        }
    }

    /// The record's text: compact JSON in Go's field order and with Go's escapes.
    #[must_use]
    pub fn text(&self) -> String {
        let field = |name: &str, value: &str| format!("\"{name}\":{}", go_string(value));
        let fields = [
            field("ID", &self.id),
            field("Operation", &self.operation),
            field("Info", ""),
            field("Who", &self.who),
            field("Version", &self.version),
            field("Created", &self.created),
            field("Path", &self.path),
        ];
        format!("{{{}}}", fields.join(","))
    }
}

/// JSON as Go's encoder prints it: what could be read as HTML or JavaScript is escaped.
fn go_string(value: &str) -> String {
    let json = serde_json::Value::from(value).to_string();
    let escapes = [
        ('&', "\\u0026"),
        ('<', "\\u003c"),
        ('>', "\\u003e"),
        ('\u{2028}', "\\u2028"),
        ('\u{2029}', "\\u2029"),
    ];
    escapes.iter().fold(json, |text, (character, escape)| {
        text.replace(*character, escape)
    })
}

#[cfg(test)]
mod tests {
    use super::LockRecord;

    #[test]
    fn the_text_is_what_terraform_1_11_4_wrote() {
        let record = LockRecord {
            id: "19a6fe30-cf25-8eaf-077f-083449d678bd".to_owned(),
            operation: "OperationTypeApply".to_owned(),
            who: "root@vm".to_owned(),
            version: "1.11.4".to_owned(),
            created: "2026-11-23T02:33:15.820960928Z".to_owned(),
            path: "tfstate-lab/stacks/ddb/terraform.tfstate".to_owned(),
        };
        let written = r#"{"ID":"19a6fe30-cf25-8eaf-077f-083449d678bd","Operation":"OperationTypeApply","Info":"","Who":"root@vm","Version":"1.11.4","Created":"2026-11-23T02:33:15.820960928Z","Path":"tfstate-lab/stacks/ddb/terraform.tfstate"}"#;
        assert_eq!(record.text(), written);
    }

    #[test]
    fn letters_that_go_escapes_are_escaped() {
        let record = LockRecord {
            who: "a&b<c>\"d\"\\e".to_owned(),
            ..LockRecord::of_a_runner("1", "b/k")
        };
        assert!(
            record
                .text()
                .contains(r#""Who":"a\u0026b\u003cc\u003e\"d\"\\e""#),
            "{}",
            record.text()
        );
    }
}
