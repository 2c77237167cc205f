//! The model providers that the environment names.

use std::env::VarError;
use std::sync::Arc;

use anyhow::Context as _;
use aos_host::providers::{AnthropicMessages, ModelRouter, OpenAiCompatible};

const LLM_BASE_URL: &str = "AOS_LLM_BASE_URL";
const LLM_API_KEY: &str = "AOS_LLM_API_KEY";
const ANTHROPIC_BASE_URL: &str = "AOS_ANTHROPIC_BASE_URL";
const ANTHROPIC_API_KEY: &str = "AOS_ANTHROPIC_API_KEY";

/// All of them, as one. What is set and cannot be right is told before anything is asked.
pub(crate) fn models() -> anyhow::Result<ModelRouter> {
    let mut models = ModelRouter::new();
    if let Some(provider) = openai()? {
        models = models.with_others(Arc::new(provider));
    }
    if let Some(provider) = anthropic()? {
        models = models.with_claude(Arc::new(provider));
    }
    Ok(models)
}

fn openai() -> anyhow::Result<Option<OpenAiCompatible>> {
    let Some(base_url) = variable(LLM_BASE_URL)? else { return Ok(None) };
    let provider = OpenAiCompatible::new(&base_url, variable(LLM_API_KEY)?);
    provider.map(Some).with_context(|| format!("{LLM_BASE_URL} and {LLM_API_KEY}"))
}

fn anthropic() -> anyhow::Result<Option<AnthropicMessages>> {
    let base_url = variable(ANTHROPIC_BASE_URL)?;
    let Some(key) = variable(ANTHROPIC_API_KEY)? else {
        anyhow::ensure!(base_url.is_none(), "{ANTHROPIC_BASE_URL} is set, and {ANTHROPIC_API_KEY} is not");
        return Ok(None);
    };
    let base_url = base_url.as_deref().unwrap_or(AnthropicMessages::BASE_URL);
    let provider = AnthropicMessages::new(base_url, key);
    provider.map(Some).with_context(|| format!("{ANTHROPIC_BASE_URL} and {ANTHROPIC_API_KEY}"))
}

#[expect(clippy::disallowed_methods, reason = "the program may read its environment")]
fn variable(name: &str) -> anyhow::Result<Option<String>> {
    match std::env::var(name) {
        Ok(value) => Ok(Some(value)),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => anyhow::bail!("{name} is not UTF-8"),
    }
}
