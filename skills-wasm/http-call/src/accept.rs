//! Which statuses are a success: `accept_status` of the input.

use std::ops::RangeInclusive;

use serde_json::Value;

use crate::fault::Fault;

/// The statuses that are a success; 200 to 299 unless the caller says otherwise.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct AcceptStatus(Vec<RangeInclusive<u16>>);

impl Default for AcceptStatus {
    fn default() -> Self {
        Self(vec![200..=299])
    }
}

impl AcceptStatus {
    /// Reads a list of statuses (`404`), ranges (`"200-299"`) and classes (`"4xx"`).
    pub(crate) fn read(rules: &[Value]) -> Result<Self, Fault> {
        let ranges = rules.iter().enumerate().map(|(index, rule)| {
            range(rule).ok_or_else(|| Fault::AcceptStatus { index, rule: rule.clone() })
        });
        ranges.collect::<Result<_, _>>().map(Self)
    }

    /// Whether `status` is a success.
    pub(crate) fn contains(&self, status: u16) -> bool {
        self.0.iter().any(|range| range.contains(&status))
    }
}

fn range(rule: &Value) -> Option<RangeInclusive<u16>> {
    let range = match rule {
        Value::Number(status) => {
            let status = u16::try_from(status.as_u64()?).ok()?;
            status..=status
        }
        Value::String(rule) => text_range(rule)?,
        _ => return None,
    };
    // A range that holds nothing is a slip of the pen, such as "299-200".
    (!range.is_empty() && *range.start() >= 200 && *range.end() <= 599).then_some(range)
}

fn text_range(rule: &str) -> Option<RangeInclusive<u16>> {
    if let Some((first, last)) = rule.split_once('-') {
        return Some(digits(first, 3)?..=digits(last, 3)?);
    }
    let hundred = digits(rule.strip_suffix("xx")?, 1)?.checked_mul(100)?;
    Some(hundred..=hundred.checked_add(99)?)
}

fn digits(text: &str, count: usize) -> Option<u16> {
    // `parse` alone would let a sign and leading zeros pass.
    let all = text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    all.then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(rules: Value) -> Result<AcceptStatus, Fault> {
        AcceptStatus::read(rules.as_array().unwrap())
    }

    #[test]
    fn statuses_ranges_and_classes_are_read() {
        let accepted = read(json!([404, "200-204", "5xx"])).unwrap();
        let hits: Vec<u16> = (100..=999).filter(|status| accepted.contains(*status)).collect();
        let expected: Vec<u16> = (200..=204).chain([404]).chain(500..=599).collect();
        assert_eq!(hits, expected);
    }

    #[test]
    fn two_hundreds_are_the_default() {
        let accepted = AcceptStatus::default();
        assert!(accepted.contains(200) && accepted.contains(299));
        assert!(!accepted.contains(199) && !accepted.contains(300));
    }

    #[test]
    fn what_is_no_rule_is_named_by_its_place() {
        let wrong = [
            json!("299-200"),
            json!("2x"),
            json!("xx"),
            json!("02xx"),
            json!("0200-299"),
            json!("+2xx"),
            json!("1xx"),
            json!("200-"),
            json!("-299"),
            json!("+200-299"),
            json!("200-600"),
            json!("200"),
            json!(199),
            json!(600),
            json!(200.5),
            json!(-200),
            json!(null),
        ];
        for rule in wrong {
            let fault = read(json!([200, rule])).unwrap_err();
            assert!(matches!(fault, Fault::AcceptStatus { index: 1, .. }), "{rule}");
        }
    }
}
