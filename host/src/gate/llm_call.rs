//! A question to a model as a call of the gate.

use std::time::Duration;

use aos_core::budget::{ModelPrice, PriceList, Quote, TokenCount};
use aos_core::failure::{ErrorCode, Failure, Settlement};
use aos_core::outcome::Spending;
use aos_core::policy::Policy;
use aos_core::units::{Money, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{HostCall, Sending};
use crate::providers::{ChatRequest, ChatResponse, FinishReason, TokenUsage};

/// Tokens that a provider may add for each message and tool: roles and separators. The common ones add 3 to 10.
const TOKENS_PER_PART: usize = 16;

/// Tokens of the instructions that a provider puts before a question with tools or a schema. The most that one documents
/// is 530.
const TOKENS_OF_TOOL_INSTRUCTIONS: usize = 1024;

/// A question as the guest asked it.
#[derive(Debug, Clone)]
pub(crate) struct LlmCall {
    /// The question.
    pub question: ChatRequest,
    /// Milliseconds that it may take.
    pub timeout_ms: Option<u32>,
    /// A fault of the question that was found while it was read.
    pub fault: Option<Failure>,
}

/// The answer, as the journal holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LlmAnswer {
    /// What the model said.
    pub response: ChatResponse,
    /// What it cost.
    pub cost: Money,
}

impl LlmCall {
    /// No token is shorter than a byte, so the bytes are an upper bound of the tokens.
    fn most_input_tokens(&self) -> u64 {
        let question = &self.question;
        let messages: usize = question
            .messages
            .iter()
            .map(|message| {
                let calls: usize = message
                    .tool_calls
                    .iter()
                    .map(|call| call.id.len() + call.name.len() + call.arguments.len())
                    .sum();
                message.content.len() + calls + message.tool_call_id.as_ref().map_or(0, String::len)
            })
            .sum();
        let tools: usize = question
            .tools
            .iter()
            .map(|tool| tool.name.len() + tool.description.len() + tool.input_schema.to_string().len())
            .sum();
        let schema = question.response_schema.as_ref().map_or(0, |schema| schema.to_string().len());
        let parts = (question.messages.len() + question.tools.len() + 1) * TOKENS_PER_PART;
        let instructed = !question.tools.is_empty() || question.response_schema.is_some();
        let instructions = if instructed { TOKENS_OF_TOOL_INSTRUCTIONS } else { 0 };
        (messages + tools + schema + parts + instructions) as u64
    }

    /// A provider that does not count, or that answers with a model whose price nobody knows, is taken at the worst.
    fn spending(&self, response: &ChatResponse, prices: &PriceList) -> Spending {
        let price = self.price_of(&response.model, prices);
        match (price, response.usage.filter(|usage| counts(usage, response))) {
            (Some(price), Some(usage)) => price.of(TokenCount {
                input: usage.input_tokens,
                cached: usage.cached_input_tokens,
                cache_write: usage.cache_write_input_tokens,
                output: usage.output_tokens.max(usage.reasoning_tokens),
            }),
            _ => self.quote(prices).map(|quote| quote.worst()).unwrap_or_default(),
        }
    }

    /// The price of the model that answered: a provider may have put another in the place of the one that was asked,
    /// and bills that one. A dated build of the same one costs the same, unless the list has it.
    fn price_of<'a>(&self, answered: &str, prices: &'a PriceList) -> Option<&'a ModelPrice> {
        let asked = &self.question.model;
        let build =
            answered.strip_prefix(asked.as_str()).is_some_and(|rest| rest.starts_with(['-', '@', ':']));
        let of_asked = prices.entry(asked);
        match prices.entry(answered) {
            // An entry that says more of the name than the one of the model that was asked is meant for another one.
            Some((name, price)) if of_asked.is_none_or(|(other, _)| name.len() > other.len()) => Some(price),
            _ if answered == asked || build || answered.is_empty() => of_asked.map(|(_, price)| price),
            other => other.map(|(_, price)| price),
        }
    }
}

/// Whether a provider counted at all. No question has no tokens, and no answer that says something; streams that were cut
/// short are reported so.
fn counts(usage: &TokenUsage, response: &ChatResponse) -> bool {
    let says_something = !response.text.is_empty() || !response.tool_calls.is_empty();
    usage.input_tokens > 0 && (usage.output_tokens > 0 || !says_something)
}

impl HostCall for LlmCall {
    const NAME: &'static str = "llm.complete";

    type Answer = LlmAnswer;

    fn target(&self) -> String {
        self.question.model.chars().take(120).collect()
    }

    fn request(&self) -> Value {
        let mut request = serde_json::to_value(&self.question).unwrap_or_default();
        if let Some(members) = request.as_object_mut() {
            members.insert("timeout_ms".to_owned(), self.timeout_ms.into());
        }
        request
    }

    fn permit(&self, policy: &Policy) -> Result<(), Failure> {
        if let Some(fault) = &self.fault {
            return Err(fault.clone());
        }
        let question = &self.question;
        let invalid = |message: &str| Err(Failure::new(ErrorCode::RequestInvalid, message));
        if question.messages.is_empty() {
            return invalid("a question has at least one message");
        }
        if question.max_tokens == 0 {
            return invalid("max_tokens is at least 1");
        }
        if question.temperature.is_some_and(|value| !(0.0..=2.0).contains(&value)) {
            return invalid("temperature is from 0 to 2");
        }
        policy.check_model(&question.model)
    }

    fn quote(&self, prices: &PriceList) -> Result<Quote, Failure> {
        let unknown = || {
            let message =
                format!("the price list of {} has no price for {:?}", prices.as_of, self.question.model);
            Failure::new(ErrorCode::CostUnknown, message)
        };
        let price = prices.model(&self.question.model).ok_or_else(unknown)?;
        Ok(price.quote(self.most_input_tokens(), self.question.max_tokens))
    }

    fn clamp(&mut self, tokens: u32) {
        self.question.max_tokens = self.question.max_tokens.min(tokens);
    }

    fn spent(&self, answer: &LlmAnswer, prices: &PriceList) -> Spending {
        self.spending(&answer.response, prices)
    }

    /// A provider that answers with a status of 4xx has refused the question before any model saw it.
    fn lost(&self, failure: &Failure, held_for: &Spending) -> Spending {
        let refused = failure.status.is_some_and(|status| (400..500).contains(&status) && status != 408);
        let refunds = failure.code.row().settlement == Settlement::Refund;
        if failure.request_sent && !refunds && !refused { *held_for } else { Spending::default() }
    }

    /// It costs again, which the budget bounds, and does nothing else.
    fn repeatable(&self) -> bool {
        true
    }

    /// A model that declines has answered, and is paid for it; so has one whose answer the provider withheld.
    fn verdict(&self, answer: &LlmAnswer, _at: Timestamp) -> Option<Failure> {
        let (code, message) = match answer.response.finish_reason {
            FinishReason::Refusal => (ErrorCode::ModelRefused, "the model declined to answer"),
            FinishReason::ContentFilter => {
                (ErrorCode::ModelContentFiltered, "the provider withheld the model's answer")
            }
            FinishReason::Stop | FinishReason::Length | FinishReason::ToolCalls => return None,
        };
        Some(Failure::new(code, message).sent())
    }

    fn status(_answer: &LlmAnswer) -> Option<u16> {
        None
    }

    fn answer_of(
        &self,
        status: u16,
        _headers: Vec<(String, String)>,
        _body: String,
    ) -> Result<LlmAnswer, Failure> {
        let message = format!("a model answers with no status, and {status} is one");
        Err(Failure::new(ErrorCode::InjectionInvalid, message))
    }

    async fn perform(&self, Sending { world, prices, limit, .. }: Sending<'_>) -> Result<LlmAnswer, Failure> {
        let asked = self.timeout_ms.map_or(limit, |millis| Duration::from_millis(millis.into()));
        let response = world.llm.complete(self.question.clone(), asked.min(limit)).await?;
        let cost = self.spending(&response, prices).total();
        Ok(LlmAnswer { response, cost })
    }
}
