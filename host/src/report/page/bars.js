// What stands in the track of a row: bars of attempts and calls, and the pauses between attempts.

// More than this in one row would be a smear.
const MOST_MARKS = 200;

// Bars of a row: { from, to, cls, title }, in microseconds.
function barsOf(row, now) {
  if (row.kind === "group") return groupBars(row.group, now);
  if (row.kind === "call") return [callBar(row.call, row.attempt, now)];
  const attempts = row.kind === "attempt" ? [row.attempt] : row.step.attempts;
  return attempts.flatMap((attempt) => attemptBars(row.step, attempt, now));
}

function groupBars(group, now) {
  if (group.items.length === 0) return [];
  let [from, to] = [Infinity, 0];
  const failed = [];
  for (const item of group.items) {
    for (const attempt of item.attempts) {
      from = Math.min(from, attempt.begun_us);
      to = Math.max(to, endOf(attempt, now));
      if (attempt.failure && failed.length < MOST_MARKS) failed.push(attemptBar(attempt, now));
    }
  }
  return [{ from, to, cls: "bar envelope " + group.state(), title: rowWords({ kind: "group", group }, now) }, ...failed];
}

function attemptBars(step, attempt, now) {
  const bars = [attemptBar(attempt, now)];
  for (const call of attempt.calls.slice(0, MOST_MARKS)) {
    if (call.class === "effect") bars.push({ ...callBar(call, attempt, now), cls: "mark " + callLook(call).cls });
  }
  if (attempt.retry) {
    const next = step.attempts.find((other) => other.attempt === attempt.attempt + 1);
    const from = endOf(attempt, now);
    const to = next ? next.begun_us : from + attempt.retry.delay_ms * 1000;
    bars.push({ from, to, cls: "bar wait", title: "waits before attempt " + (attempt.attempt + 1) + ": " + attempt.retry.why });
  }
  return bars;
}

function attemptBar(attempt, now) {
  const { cls } = attemptLook(attempt);
  return { from: attempt.begun_us, to: endOf(attempt, now), cls: "bar " + cls, title: attemptWords(attempt, now) };
}

function callBar(call, attempt, now) {
  // A call that was cut off lasted as long as its attempt.
  const to = call.took_us === null ? (call.code === null ? endOf(attempt, now) : call.at_us) : call.at_us + call.took_us;
  return { from: call.at_us, to, cls: "bar call " + callLook(call).cls, title: callWords(call) };
}

// Puts the bars into a track: as nodes, and only those that are in sight.
function drawBars(track, bars, span) {
  track.replaceChildren();
  for (const bar of bars) {
    const [from, to] = [span.place(bar.from), span.place(bar.to)];
    if (to < 0 || from > 1) continue;
    const [left, right] = [Math.max(from, -0.01), Math.min(to, 1.01)];
    track.append(el("div", { class: bar.cls, title: bar.title, css: { left: left * 100 + "%", width: (right - left) * 100 + "%" } }));
  }
}
