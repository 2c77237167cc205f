// Figures as people read them, and what stands for each state: a word, a sign and a class, so that no colour stands alone.

// Nano-dollars, exactly, without the zeros at the end that say nothing.
function money(nanos) {
  const [dollars, rest] = [Math.floor(nanos / 1e9), nanos % 1e9];
  return "$" + dollars + "." + String(rest).padStart(9, "0").replace(/0+$/, "").padEnd(2, "0");
}

// Microseconds.
function time(us) {
  if (us === null || us === undefined) return "";
  if (us < 1e3) return us + " µs";
  if (us < 1e6) return Math.floor(us / 1e3) + " ms";
  if (us < 6e7) return Math.floor(us / 1e6) + "." + (Math.floor(us / 1e5) % 10) + " s";
  if (us < 3.6e9) return Math.floor(us / 6e7) + " min " + (Math.floor(us / 1e6) % 60) + " s";
  return Math.floor(us / 3.6e9) + " h " + (Math.floor(us / 6e7) % 60) + " min";
}

// A great number, shortened.
function short(number) {
  for (const [unit, sign] of [[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"]]) {
    if (number >= unit) return (number / unit).toPrecision(3) + sign;
  }
  return String(number);
}

function bytes(number) {
  if (number === null || number === undefined) return "";
  for (const [unit, sign] of [[2 ** 30, " GiB"], [2 ** 20, " MiB"], [2 ** 10, " KiB"]]) {
    if (number >= unit) return (number / unit).toFixed(number >= 10 * unit ? 0 : 1) + sign;
  }
  return number + " B";
}

function count(number, word) {
  return number + " " + word + (number === 1 ? "" : "s");
}

// Date and time of day where the reader is, from RFC 3339.
function date(text) {
  const at = new Date(text);
  const parts = { year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit", timeZoneName: "short" };
  return Number.isNaN(at.getTime()) ? text : at.toLocaleString(undefined, parts);
}

// A moment of a run in universal time, as logs elsewhere have it. What it was dead for before it was resumed is not in it.
function moment(head, us) {
  const at = new Date(new Date(head.started).getTime() + us / 1000);
  return Number.isNaN(at.getTime()) || head.resumed.length ? "" : at.toISOString();
}

const STATES = {
  success: { word: "succeeded", icon: "✓", cls: "success" },
  failure: { word: "failed", icon: "✗", cls: "failure" },
  partial: { word: "partial", icon: "◐", cls: "partial" },
  skipped: { word: "not run", icon: "⤼", cls: "skipped" },
  running: { word: "under way", icon: "▶", cls: "running" },
  waiting: { word: "not begun", icon: "○", cls: "waiting" },
  resuming: { word: "going on again", icon: "↻", cls: "running" },
  left: { word: "left where it is", icon: "‖", cls: "partial" },
  stuck: { word: "cannot go on", icon: "!", cls: "failure" },
};

function look(state) {
  return STATES[state] || STATES.running;
}

// The look of an attempt.
function attemptLook(attempt) {
  if (attempt.fell_back && !attempt.fell_back.failure) return { ...STATES.partial, word: "fell back" };
  return look(attempt.status || "running");
}

// The look of a call.
function callLook(call) {
  if (call.cut_off) return { word: "cut off", icon: "?", cls: "partial" };
  if (call.code === null) return { word: "no result yet", icon: "▶", cls: "running" };
  if (call.class === "denied") return { word: "denied", icon: "⊘", cls: "failure" };
  return call.code === "OK" ? STATES.success : STATES.failure;
}

// What came of a call, in a word.
function callResult(call) {
  return call.code || callLook(call).word;
}

const CALL_SIGNS = { effect: "→", denied: "⊘", observe: "◌", emit: "✎" };

// Where something is, as `aos inspect --call` takes it.
function placeOf(step, attempt, index) {
  const item = step.item === null ? "" : "/" + step.item;
  return step.step + item + ":" + attempt.attempt + (index === undefined ? "" : ":" + index);
}

function nameOf(step) {
  return step.item === null ? step.step : step.step + "[" + step.item + "]";
}
