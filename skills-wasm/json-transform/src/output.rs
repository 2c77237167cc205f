//! The output, as `output.schema.json` describes it.

use serde_json::Value;

use crate::fault::Fault;

/// The JSON text of the output. The whole text is canonical (RFC 8785), so it must hold the result only once.
pub(crate) fn write(result: &Value) -> Result<String, Fault> {
    let result = serde_json_canonicalizer::to_string(result).map_err(Fault::Output)?;
    let hash = blake3::hash(result.as_bytes()).to_hex();
    Ok(format!(r#"{{"canonical":true,"result":{result},"result_hash":"blake3:{hash}"}}"#))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_output_is_canonical_and_the_hash_is_of_the_result() {
        let result = json!({"\u{20ac}": 1.0, "\r": -0.0, "a": [1e21, 0.000001, "\u{1f}é"]});
        let canonical = r#"{"\r":0,"a":[1e+21,0.000001,"\u001fé"],"€":1}"#;
        let text = write(&result).unwrap();
        let output: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(serde_json_canonicalizer::to_string(&output).unwrap(), text);
        assert!(text.contains(canonical));
        assert_eq!(output["result_hash"], json!(format!("blake3:{}", blake3::hash(canonical.as_bytes()))));
    }

    #[test]
    fn the_same_result_has_the_same_hash_however_it_was_written() {
        assert_eq!(write(&json!({"b": 1, "a": 2.0})).unwrap(), write(&json!({"a": 2, "b": 1.0})).unwrap());
    }
}
