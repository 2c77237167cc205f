//! The words of the catalogue, in the one table that says what each means. Append only: a word never changes its
//! meaning and never goes away.

use super::ErrorCategory::{
    Cancelled as CANCELLED, Infrastructure as INFRASTRUCTURE, Integrity as INTEGRITY, Permanent as PERMANENT,
    Permission as PERMISSION, Resource as RESOURCE, Skill as SKILL, Transient as TRANSIENT,
    Validation as VALIDATION,
};
use super::catalog::Fault::{Caller, Host, Operator, Skill, Upstream};
use super::catalog::RetryClass::{AfterChange, Backoff, Hint, Idempotent, Never, Once, Overload};
use super::catalog::Row;
use super::catalog::Settlement::{Actual, Hold, Nothing, Refund};
use super::catalog::Severity::{Critical, Error, Notice, Warning};
use super::table::catalogue;
use super::word::CodeUnknown;

catalogue! {
    // Workflow.
    WorkflowInvalid "WORKFLOW_INVALID" VALIDATION Error Never Caller Nothing 400 "INVALID_ARGUMENT"
        "the workflow file breaks a rule of the format"
        "mend the places that the details name, each with its line and column";
    NameInvalid "NAME_INVALID" VALIDATION Error Never Caller Nothing 400 "INVALID_ARGUMENT"
        "a name breaks the rule: 1 to 64 of a-z, 0-9, dot, dash and underscore, the first a letter or digit"
        "choose a name of lower-case letters, digits, dots, dashes and underscores";
    InvalidReference "INVALID_REFERENCE" VALIDATION Error Never Caller Nothing 400 "INVALID_ARGUMENT"
        "the workflow refers to a step that it does not have, or in a circle"
        "name an existing step, or break the circle that the details show";
    ExpressionError "EXPRESSION_ERROR" VALIDATION Error Never Caller Nothing 400 "INVALID_ARGUMENT"
        "an expression failed on the data that it met"
        "see the expression and the value in the message; a value that may be missing is guarded with // or ?";
    WorkflowLimit "WORKFLOW_LIMIT" RESOURCE Error Never Caller Nothing 422 "RESOURCE_EXHAUSTED"
        "a workflow or an expression is larger than the host bears"
        "split it, or move heavy jq into a json_transform step, where fuel bounds it";
    DeadlineExceeded "DEADLINE_EXCEEDED" PERMANENT Error Never Caller Hold 408 "DEADLINE_EXCEEDED"
        "the whole run took longer than its deadline_ms"
        "raise deadline_ms, or find the slow step in the journal";
    Cancelled "CANCELLED" CANCELLED Notice Never Caller Hold 499 "CANCELLED"
        "the run was cancelled, or a sibling step failed and stopped this one"
        "see the failure that names the run, and side_effects for what was done; start it again when the cause is gone";
    DependencyFailed "DEPENDENCY_FAILED" PERMANENT Notice Never Caller Nothing 424 "FAILED_PRECONDITION"
        "a step that this one needs failed, so it was skipped"
        "mend the step that failed, or let it pass with on_error: continue";
    // Data.
    InputSchemaViolation "INPUT_SCHEMA_VIOLATION" VALIDATION Error Never Caller Nothing 400 "INVALID_ARGUMENT"
        "an input does not fit its JSON Schema"
        "mend the value at the JSON pointer that the details name";
    OutputSchemaViolation "OUTPUT_SCHEMA_VIOLATION" VALIDATION Error Never Skill Actual 502 "INTERNAL"
        "a skill's output does not fit the schema that it declares"
        "report it to the skill's author with the JSON pointer of the details";
    SchemaInvalid "SCHEMA_INVALID" VALIDATION Error Never Caller Nothing 400 "INVALID_ARGUMENT"
        "a JSON Schema is wrong, refers to another document, or is too large"
        "mend the schema; references stay within the document";
    JsonMalformed "JSON_MALFORMED" VALIDATION Error Never Caller Nothing 400 "INVALID_ARGUMENT"
        "a text that should be JSON is not"
        "mend it at the line and column that the message names";
    JsonDuplicateKey "JSON_DUPLICATE_KEY" VALIDATION Error Never Caller Nothing 400 "INVALID_ARGUMENT"
        "an object has the same name twice, and readers would differ on which counts"
        "remove one of the two";
    JsonTooDeep "JSON_TOO_DEEP" VALIDATION Error Never Caller Nothing 400 "INVALID_ARGUMENT"
        "a JSON value is nested deeper than 96 levels"
        "flatten the value";
    JsonNumberRange "JSON_NUMBER_RANGE" VALIDATION Error Never Caller Nothing 400 "OUT_OF_RANGE"
        "a number would change: an integer past 2^53 - 1, or a number past the range of doubles"
        "write the number as a string";
    PayloadTooLarge "PAYLOAD_TOO_LARGE" VALIDATION Error Never Caller Nothing 413 "INVALID_ARGUMENT"
        "an input or an output has more bytes than the host takes"
        "send less, or hand over a reference to the data";
    TransformError "TRANSFORM_ERROR" VALIDATION Error Never Caller Actual 422 "INVALID_ARGUMENT"
        "a transformation failed on its data"
        "see the message and the JSON pointer; try the filter on the recorded input";
    // Skill supply.
    SkillNotFound "SKILL_NOT_FOUND" PERMANENT Error Never Caller Nothing 404 "NOT_FOUND"
        "no skill of that name is registered"
        "check the name with `aos skills list`, or name its folder with --skills";
    SkillDigestMismatch "SKILL_DIGEST_MISMATCH" INTEGRITY Critical Never Operator Nothing 409 "FAILED_PRECONDITION"
        "the component is another one than the journal was recorded with"
        "give the folder that holds the recorded component with --skills; a replay also tries another build (--skill ID=FILE)";
    CacheIntegrity "CACHE_INTEGRITY" INTEGRITY Warning Never Host Nothing 500 "DATA_LOSS"
        "the folder of compiled components is open to others, so what it holds cannot be trusted"
        "make the folder private as the message says, and see who else writes to it";
    ComponentInvalid "COMPONENT_INVALID" VALIDATION Error Never Operator Nothing 422 "INVALID_ARGUMENT"
        "the file is no WebAssembly component that this engine takes"
        "check the path, and build it as a component: cargo build --target wasm32-wasip2";
    ComponentTooLarge "COMPONENT_TOO_LARGE" VALIDATION Error Never Operator Nothing 413 "INVALID_ARGUMENT"
        "the component has more bytes than the host compiles"
        "strip it, or build it for size";
    LinkUnknownImport "LINK_UNKNOWN_IMPORT" VALIDATION Error Never Operator Nothing 422 "UNIMPLEMENTED"
        "the component imports something that this host does not provide"
        "see which import; build the component against the world aos:skill/skill";
    LinkTypeMismatch "LINK_TYPE_MISMATCH" VALIDATION Error Never Operator Nothing 422 "UNIMPLEMENTED"
        "the component imports a known name with another type"
        "build it against the WIT files of this version";
    ExportMissing "EXPORT_MISSING" VALIDATION Error Never Operator Nothing 422 "UNIMPLEMENTED"
        "the component exports nothing that this host can call"
        "see what it exports with aos skills check; docs/drop-in.md says what can be called";
    CompileFailed "COMPILE_FAILED" PERMANENT Error Never Operator Nothing 422 "INTERNAL"
        "the compiler refused the component"
        "see the compiler's words in the message";
    CompileTimeout "COMPILE_TIMEOUT" RESOURCE Error Never Operator Nothing 422 "RESOURCE_EXHAUSTED"
        "compiling the component took longer than the host waits"
        "build it for size, or compile it ahead on a faster machine";
    // Skill run.
    SkillError "SKILL_ERROR" SKILL Error Never Skill Actual 422 "ABORTED"
        "the skill says that it failed"
        "see its message and details";
    SkillTrap "SKILL_TRAP" SKILL Error Never Skill Actual 500 "INTERNAL"
        "the component trapped: a panic, or a broken instruction"
        "report it to the skill's author with the trap's name";
    InstantiationFailed "INSTANTIATION_FAILED" SKILL Error Never Skill Actual 500 "INTERNAL"
        "the component could not be set up"
        "report it to the skill's author";
    SkillExit "SKILL_EXIT" SKILL Error Never Skill Actual 500 "INTERNAL"
        "the component called exit instead of returning, or a program ended with a status that is not accepted"
        "look at details.stderr; accept the status with accept_exit_codes, or report it to the skill's author";
    AbiViolation "ABI_VIOLATION" SKILL Error Never Skill Actual 500 "INTERNAL"
        "the component broke a rule of the component model or of the skill contract"
        "see what it did in the message, and rebuild it with a current toolchain";
    ReentrancyDenied "REENTRANCY_DENIED" SKILL Error Never Skill Actual 500 "INTERNAL"
        "the component called the host from a place where the component model forbids it, such as its own allocator"
        "report it to the skill's author with the trap's name";
    Deadlock "DEADLOCK" SKILL Error Never Skill Actual 500 "INTERNAL"
        "the component waits for itself"
        "report it to the skill's author with the trap's name";
    StackOverflow "STACK_OVERFLOW" RESOURCE Error Never Skill Actual 500 "RESOURCE_EXHAUSTED"
        "the component recursed deeper than its stack"
        "give it smaller data, or report it to the skill's author";
    FuelExhausted "FUEL_EXHAUSTED" RESOURCE Error Never Skill Actual 500 "RESOURCE_EXHAUSTED"
        "the component used all the fuel of its contract"
        "give it smaller data, a skill with a larger contract, or more in the [limits] of its sidecar";
    MemoryLimit "MEMORY_LIMIT" RESOURCE Error Never Skill Actual 500 "RESOURCE_EXHAUSTED"
        "the component asked for more memory than its contract has"
        "give it smaller data, a skill with a larger contract, or more in the [limits] of its sidecar";
    TableLimit "TABLE_LIMIT" RESOURCE Error Never Skill Actual 500 "RESOURCE_EXHAUSTED"
        "the component asked for larger tables than the host gives"
        "report it to the skill's author";
    InstanceLimit "INSTANCE_LIMIT" RESOURCE Error Never Skill Actual 500 "RESOURCE_EXHAUSTED"
        "the component consists of more instances than the host sets up"
        "report it to the skill's author";
    HandleLimit "HANDLE_LIMIT" RESOURCE Error Never Skill Actual 500 "RESOURCE_EXHAUSTED"
        "the component holds more handles at once than the host gives"
        "report it to the skill's author";
    PayloadLimit "PAYLOAD_LIMIT" RESOURCE Error Never Skill Actual 413 "RESOURCE_EXHAUSTED"
        "the component handed the host more bytes in one call than it takes"
        "report it to the skill's author";
    CallLimit "CALL_LIMIT" RESOURCE Error Never Skill Actual 500 "RESOURCE_EXHAUSTED"
        "the component made more host calls than its contract has"
        "give it less to do at once, a skill with a larger contract, or more in the [limits] of its sidecar";
    LogLimit "LOG_LIMIT" RESOURCE Error Never Skill Actual 500 "RESOURCE_EXHAUSTED"
        "the component wrote more log text than the journal takes"
        "report it to the skill's author";
    // Budget.
    BudgetExceeded "BUDGET_EXCEEDED" RESOURCE Error AfterChange Caller Refund 402 "RESOURCE_EXHAUSTED"
        "what comes next could cost more than the budget has left, so it was not sent"
        "raise budget.ceiling_cents or --ceiling-cents, or ask for less (a smaller max_tokens)";
    AbsorbedCeilingExceeded "ABSORBED_CEILING_EXCEEDED" RESOURCE Error AfterChange Caller Refund 402 "RESOURCE_EXHAUSTED"
        "failed attempts have used up what the run may lose"
        "mend what fails (aos inspect shows each lost attempt), or raise budget.absorbed_ceiling_cents";
    StepCeilingExceeded "STEP_CEILING_EXCEEDED" RESOURCE Error AfterChange Caller Refund 402 "RESOURCE_EXHAUSTED"
        "what comes next could cost more than the step's own ceiling leaves over all its attempts, so it was not sent"
        "raise the step's ceiling_cents, or ask for less (a smaller max_tokens)";
    AgentBudgetExceeded "AGENT_BUDGET_EXCEEDED" RESOURCE Error AfterChange Operator Refund 402 "RESOURCE_EXHAUSTED"
        "the named budget has less left than the run may spend; the run did not begin"
        "give the run a smaller --ceiling-cents, raise the budget (aos budget set), or settle runs that died (aos budget settle)";
    BudgetStopped "BUDGET_STOPPED" CANCELLED Error AfterChange Operator Refund 402 "FAILED_PRECONDITION"
        "someone has stopped the named budget; nothing more is reserved under it, and nothing more leaves"
        "see why with aos budget show, and let it go on with aos budget start";
    BudgetInvalidAmount "BUDGET_INVALID_AMOUNT" VALIDATION Error Never Caller Nothing 400 "INVALID_ARGUMENT"
        "an amount of money is negative, fractional, or more than nine million dollars"
        "write whole cents from 0 to 900719925";
    CostUnknown "COST_UNKNOWN" RESOURCE Error Never Operator Refund 422 "FAILED_PRECONDITION"
        "the price list has no price for the model, so no ceiling could be kept"
        "use a model of the price list (aos prices), or give a list that has it with --prices";
    CostOverrun "COST_OVERRUN" RESOURCE Error Never Operator Refund 402 "RESOURCE_EXHAUSTED"
        "a provider billed more than its request could cost by the price list, and what is left does not cover what comes next"
        "look at the overrun in the outcome's cost, and correct the price list (--prices)";
    LedgerInvariant "LEDGER_INVARIANT" INTEGRITY Critical Never Host Hold 500 "INTERNAL"
        "the ledger does not add up; nothing is spent further"
        "keep the journal and report it";
    // Permission.
    CapabilityDenied "CAPABILITY_DENIED" PERMISSION Error AfterChange Caller Refund 403 "PERMISSION_DENIED"
        "the workflow does not grant what the skill asked for"
        "paste the grant that the message shows into the workflow, if you want it";
    DestinationDenied "DESTINATION_DENIED" PERMISSION Error AfterChange Caller Refund 403 "PERMISSION_DENIED"
        "the workflow does not grant that host, or it resolves to an address that is not public"
        "paste the grant that the message shows into the workflow, if you want it";
    MethodDenied "METHOD_DENIED" PERMISSION Error AfterChange Skill Refund 403 "PERMISSION_DENIED"
        "the host sends no request of that method"
        "use GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS";
    HeaderForbidden "HEADER_FORBIDDEN" PERMISSION Error AfterChange Skill Refund 403 "PERMISSION_DENIED"
        "the host builds that header field itself"
        "leave the field out";
    RedirectBlocked "REDIRECT_BLOCKED" PERMISSION Error AfterChange Caller Hold 403 "PERMISSION_DENIED"
        "the upstream answered with another address (3xx), and no redirect is followed"
        "grant and call the address that the location field of the answer names, if you trust it";
    SecretDenied "SECRET_DENIED" PERMISSION Error AfterChange Caller Refund 403 "PERMISSION_DENIED"
        "the workflow asks for a secret, and this host has no store of secrets"
        "leave grants.secrets empty";
    // Network.
    UrlInvalid "URL_INVALID" VALIDATION Error Never Caller Refund 400 "INVALID_ARGUMENT"
        "the URL is not an absolute http or https URL without credentials"
        "mend the URL";
    RequestInvalid "REQUEST_INVALID" VALIDATION Error Never Caller Refund 400 "INVALID_ARGUMENT"
        "the request cannot be sent as it stands"
        "see the message";
    RequestTooLarge "REQUEST_TOO_LARGE" VALIDATION Error Never Caller Refund 413 "INVALID_ARGUMENT"
        "the request has more bytes than the host sends"
        "send less";
    DnsFailure "DNS_FAILURE" TRANSIENT Warning Backoff Upstream Refund 502 "UNAVAILABLE"
        "the host's name could not be resolved"
        "check the name, and the resolver of this machine";
    ConnectFailed "CONNECT_FAILED" TRANSIENT Warning Backoff Upstream Refund 502 "UNAVAILABLE"
        "no connection to the host could be opened; nothing was sent"
        "check that the server runs and listens on that port";
    TlsFailure "TLS_FAILURE" PERMANENT Error Never Upstream Refund 502 "UNAVAILABLE"
        "the host's certificate or its TLS is not acceptable; nothing was sent"
        "mend the certificate; the host trusts the machine's certificate store";
    ConnectionLost "CONNECTION_LOST" TRANSIENT Warning Idempotent Upstream Hold 502 "UNAVAILABLE"
        "the connection broke after the request may have left"
        "see in the upstream whether it acted";
    ResponseIncomplete "RESPONSE_INCOMPLETE" TRANSIENT Warning Idempotent Upstream Hold 502 "UNAVAILABLE"
        "the answer ended before its announced length"
        "see in the upstream whether it acted";
    HttpProtocolError "HTTP_PROTOCOL_ERROR" TRANSIENT Warning Idempotent Upstream Hold 502 "INTERNAL"
        "the upstream does not speak HTTP as it should"
        "check that the port belongs to an HTTP server";
    Timeout "TIMEOUT" TRANSIENT Warning Idempotent Upstream Hold 504 "DEADLINE_EXCEEDED"
        "a call or an attempt took longer than its limit"
        "raise timeout_ms or the step's deadline_ms, or see why the upstream is slow";
    ResponseTooLarge "RESPONSE_TOO_LARGE" PERMANENT Error Never Upstream Hold 502 "OUT_OF_RANGE"
        "the answer has more bytes than the host takes"
        "ask the upstream for less, page by page";
    DecodingUnsupported "DECODING_UNSUPPORTED" PERMANENT Error Never Upstream Hold 502 "UNIMPLEMENTED"
        "the answer has a content coding that the request did not ask for, and that the host does not undo"
        "ask for that coding with accept-encoding and undo it in the skill, or have the upstream send it plain";
    // Upstream.
    UpstreamBadRequest "UPSTREAM_BAD_REQUEST" PERMANENT Error Never Caller Hold 400 "INVALID_ARGUMENT"
        "the upstream refused the request as wrong (another 4xx status)"
        "see the upstream's words in the details";
    UpstreamUnauthenticated "UPSTREAM_UNAUTHENTICATED" PERMANENT Error Never Operator Refund 401 "UNAUTHENTICATED"
        "the upstream wants credentials (401, 407)"
        "give the request the credentials that the upstream asks for";
    UpstreamPaymentRequired "UPSTREAM_PAYMENT_REQUIRED" PERMANENT Error Never Operator Refund 402 "FAILED_PRECONDITION"
        "the upstream wants to be paid (402)"
        "see the account at the upstream";
    UpstreamForbidden "UPSTREAM_FORBIDDEN" PERMANENT Error Never Operator Refund 403 "PERMISSION_DENIED"
        "the upstream does not allow it (403)"
        "see what the credentials may do at the upstream";
    UpstreamNotFound "UPSTREAM_NOT_FOUND" PERMANENT Error Never Caller Hold 404 "NOT_FOUND"
        "the upstream has nothing at that URL (404)"
        "check the URL";
    UpstreamConflict "UPSTREAM_CONFLICT" PERMANENT Error Never Caller Hold 409 "ABORTED"
        "the upstream's state does not allow it (409)"
        "read the state again, and decide anew";
    UpstreamGone "UPSTREAM_GONE" PERMANENT Error Never Caller Hold 410 "NOT_FOUND"
        "what was at that URL is gone for good (410)"
        "find its successor";
    UpstreamPrecondition "UPSTREAM_PRECONDITION" PERMANENT Error Never Caller Hold 412 "FAILED_PRECONDITION"
        "a condition of the request does not hold (304, 412, 417, 428)"
        "read the state again, and set the condition anew";
    UpstreamUnsupported "UPSTREAM_UNSUPPORTED" PERMANENT Error Never Caller Hold 415 "UNIMPLEMENTED"
        "the upstream does not support the method or the media type (405, 406, 415)"
        "see what the upstream accepts";
    UpstreamLegalBlock "UPSTREAM_LEGAL_BLOCK" PERMANENT Error Never Upstream Hold 451 "PERMISSION_DENIED"
        "the upstream withholds it for legal reasons (451)"
        "nothing to do from here";
    RateLimited "RATE_LIMITED" RESOURCE Warning Hint Upstream Refund 429 "RESOURCE_EXHAUSTED"
        "the upstream wants fewer requests (429)"
        "wait as it says, or send fewer";
    UpstreamError "UPSTREAM_ERROR" TRANSIENT Warning Idempotent Upstream Hold 502 "INTERNAL"
        "the upstream failed (500 and its like)"
        "see the upstream's words in the details";
    UpstreamUnavailable "UPSTREAM_UNAVAILABLE" TRANSIENT Warning Overload Upstream Refund 503 "UNAVAILABLE"
        "the upstream is out of service for now (503)"
        "wait, or see the upstream's status page";
    UpstreamOverloaded "UPSTREAM_OVERLOADED" TRANSIENT Warning Overload Upstream Refund 503 "UNAVAILABLE"
        "the upstream is overloaded (529)"
        "wait, or send fewer";
    // Model.
    ModelNotFound "MODEL_NOT_FOUND" PERMANENT Error Never Caller Refund 404 "NOT_FOUND"
        "the provider has no such model"
        "check the model's name with the provider";
    ModelContextExceeded "MODEL_CONTEXT_EXCEEDED" VALIDATION Error Never Caller Refund 413 "INVALID_ARGUMENT"
        "the conversation is longer than the model's window"
        "send less, or use a model with a longer window";
    ModelContentFiltered "MODEL_CONTENT_FILTERED" PERMANENT Error Never Caller Actual 422 "FAILED_PRECONDITION"
        "the provider refused the question or withheld the answer"
        "change the question";
    ModelRefused "MODEL_REFUSED" PERMANENT Error Never Caller Actual 422 "FAILED_PRECONDITION"
        "the model itself declined to answer"
        "see what it says in the details, and change the question";
    ModelQuotaExhausted "MODEL_QUOTA_EXHAUSTED" RESOURCE Error AfterChange Operator Refund 402 "RESOURCE_EXHAUSTED"
        "the account at the provider has no money left; waiting does not help"
        "raise the limit at the provider";
    ModelOverloaded "MODEL_OVERLOADED" TRANSIENT Warning Overload Upstream Refund 503 "UNAVAILABLE"
        "the provider has no capacity for the model now"
        "wait, or use another model";
    ModelOutputTruncated "MODEL_OUTPUT_TRUNCATED" VALIDATION Error Once Caller Actual 422 "OUT_OF_RANGE"
        "the answer ended at max_tokens, before it was whole"
        "raise max_tokens";
    ModelOutputInvalid "MODEL_OUTPUT_INVALID" VALIDATION Error Once Upstream Actual 422 "INTERNAL"
        "the answer is not JSON, or does not fit the schema it was asked for"
        "tell the model more of what is wanted, or use another one";
    // Replay and journal.
    ReplayDivergence "REPLAY_DIVERGENCE" INTEGRITY Critical Never Skill Nothing 409 "DATA_LOSS"
        "a replay did something else than the journal holds"
        "see the first difference in the details";
    ReplayExhausted "REPLAY_EXHAUSTED" INTEGRITY Critical Never Skill Nothing 409 "DATA_LOSS"
        "a replay made a call that the journal does not hold"
        "see which call in the details";
    ReplayIncomplete "REPLAY_INCOMPLETE" INTEGRITY Error Never Caller Nothing 409 "FAILED_PRECONDITION"
        "the journal does not hold what its replay needs: its run has no end, or fuel of another engine or build ended it"
        "let the run go on with `aos resume`, and replay it when it has ended";
    InjectionInvalid "INJECTION_INVALID" VALIDATION Error Never Caller Nothing 400 "INVALID_ARGUMENT"
        "an injection names no call of the journal, or breaks the format"
        "mend it at the line that the message names; `aos inspect` lists the calls of a journal";
    RecordingVersionUnsupported "RECORDING_VERSION_UNSUPPORTED" VALIDATION Error Never Operator Nothing 422 "UNIMPLEMENTED"
        "the journal has a format version that this build does not read"
        "use the version of the program that wrote it";
    RecordingForeign "RECORDING_FOREIGN" VALIDATION Error Never Operator Nothing 422 "FAILED_PRECONDITION"
        "the journal was recorded with an engine of other rules"
        "use the version of the program that wrote it";
    UnknownOutcome "UNKNOWN_OUTCOME" TRANSIENT Error Idempotent Upstream Hold 504 "UNKNOWN"
        "the run was killed after a request left and before its answer was recorded, so it may have acted"
        "see at the upstream whether it did; give such requests an idempotency key";
    JournalCorrupt "JOURNAL_CORRUPT" INTEGRITY Critical Never Operator Nothing 422 "DATA_LOSS"
        "the journal's chain is broken: a line was changed, dropped or put in"
        "restore the file from a copy; nothing of it can be trusted";
    JournalIo "JOURNAL_IO" INFRASTRUCTURE Critical Never Host Hold 500 "INTERNAL"
        "the journal could not be written or read, and no run goes on without it"
        "see the operating system's words, and mend the file or name another; a run that was under way goes on with `aos resume`";
    DiskFull "DISK_FULL" INFRASTRUCTURE Critical Never Operator Hold 507 "RESOURCE_EXHAUSTED"
        "the disk or its quota is full, so the journal could not be written, and no run goes on without it"
        "free space where the message says, and go on with `aos resume`";
    // Host.
    HostPanic "HOST_PANIC" INFRASTRUCTURE Critical Never Host Hold 500 "INTERNAL"
        "the host itself panicked; the run ended and the next one is clean"
        "report it with the journal";
    HostBug "HOST_BUG" INFRASTRUCTURE Critical Never Host Hold 500 "INTERNAL"
        "the host met a state that should not exist"
        "report it with the journal";
    HostOutOfMemory "HOST_OUT_OF_MEMORY" INFRASTRUCTURE Critical Never Operator Hold 500 "RESOURCE_EXHAUSTED"
        "this machine gave the host no memory for a component"
        "give the program more memory or address space, or run less at one time";
    ConcurrencyLimit "CONCURRENCY_LIMIT" TRANSIENT Warning Backoff Operator Nothing 503 "UNAVAILABLE"
        "as many runs are under way as this host was set up for; nothing was begun"
        "begin it again when another has ended, or raise the limit (RuntimeBuilder::max_runs)";
    HostShuttingDown "HOST_SHUTTING_DOWN" TRANSIENT Notice Backoff Operator Nothing 503 "UNAVAILABLE"
        "this host is shutting down and begins no more runs; nothing was begun"
        "begin it again when the host is up";
    ConfigInvalid "CONFIG_INVALID" INFRASTRUCTURE Error Never Operator Nothing 500 "FAILED_PRECONDITION"
        "the host is set up wrong"
        "see the message";
    Unclassified "UNCLASSIFIED" INFRASTRUCTURE Critical Never Host Hold 500 "UNKNOWN"
        "something failed in a way that this host has no word for"
        "report it with the message and the journal: every failure should have a word of its own";
}
