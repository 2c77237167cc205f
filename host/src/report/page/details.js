// What is known of one row of the timeline: a drawer at the side, which Escape closes.

class Details {
  // `documents(place)` promises { request, answer, cut } of a place, or null.
  constructor(model, documents, { page: failures, go }) {
    Object.assign(this, { model, documents, failures, go });
    this.title = el("h2", { id: freshId("drawer"), tabindex: "-1" });
    this.body = el("div", { class: "drawer-body" });
    this.steps = el("span", { class: "tools" });
    this.node = el("dialog", { class: "drawer", "aria-labelledby": this.title.id, onclick: (event) => { if (event.target === this.node) this.node.close(); } },
      el("header", {}, this.title, this.steps, button("Close", () => this.node.close(), { class: "small" })), this.body);
  }

  show(row, neighbours) {
    const parts = { group: () => this.group(row.group), step: () => this.step(row.step), attempt: () => this.attempt(row.step, row.attempt), call: () => this.call(row) }[row.kind]();
    fill(this.title, parts.title);
    fill(this.body, parts.body);
    fill(this.steps, [["◀", "The row before", neighbours.before], ["▶", "The row after", neighbours.after]].map(([sign, words, go]) =>
      button(sign, go || (() => {}), { class: "small", "aria-label": words, title: words, disabled: !go })));
    if (!this.node.open) this.node.showModal();
    this.body.scrollTop = 0;
    this.title.focus();
  }

  group(group) {
    const states = new Map();
    group.items.forEach((item) => states.set(stepState(item), (states.get(stepState(item)) || 0) + 1));
    const rows = [...states].map(([state, many]) => [chip(look(state)), count(many, "element")]);
    const last = group.whole && group.whole.attempts[group.whole.attempts.length - 1];
    return { title: bdi(group.id), body: [fields(rows), last ? this.failure(group.whole, last) : null, last && ["success", "partial"].includes(last.status) ? this.document(placeOf(group.whole, last), "", "Output") : null,
      el("h3", {}, "Elements"), longList(group.items, (item) => el("li", { value: item.item }, button([nameOf(item), ", ", itemWords(item)], () => this.go(placeOf(item, item.attempts[item.attempts.length - 1])), { class: "link" })), "element")] };
  }

  step(step) {
    if (step.attempts.length === 1) return { ...this.attempt(step, step.attempts[0]), title: bdi(nameOf(step)) };
    return { title: bdi(nameOf(step)), body: step.attempts.map((attempt) => el("article", {}, el("h3", {}, "Attempt " + attempt.attempt), this.attempt(step, attempt).body)) };
  }

  attempt(step, attempt) {
    const now = this.model.head.took_us;
    if (!attempt.skill) return this.notRun(step, attempt);
    const calls = attempt.charged + attempt.absorbed - attempt.fuel_cost;
    const parts = ` (${calls ? money(calls) + " for calls, " : ""}${money(attempt.fuel_cost)} for fuel)`;
    const spent = attempt.absorbed ? [["Used, though it failed", money(attempt.absorbed) + parts]] : [["Charged", money(attempt.charged) + (attempt.charged ? parts : "")]];
    const rows = [
      ["State", chip(attemptLook(attempt), attemptLook(attempt).word + (attempt.code && attempt.code !== "OK" ? ", " + attempt.code : ""))],
      ["Place", placeOf(step, attempt)],
      ["Skill", bdi(attempt.skill || "none: it never began")],
      ["Begun", time(attempt.begun_us) + " after the start, " + moment(this.model.head, attempt.begun_us)],
      ["Took", time(endOf(attempt, now) - attempt.begun_us) + (attempt.deadline_ms ? " of at most " + time(attempt.deadline_ms * 1000) : "")],
      ["Fuel", attempt.fuel.toLocaleString() + " of " + attempt.fuel_granted.toLocaleString()],
      ["Memory", attempt.memory_bytes === null ? "not recorded" : bytes(attempt.memory_bytes)],
      ...spent,
      attempt.interrupted ? ["Cut off", "fuel" in attempt.interrupted ? "after " + attempt.interrupted.fuel.toLocaleString() + " units of fuel" : "in call " + attempt.interrupted.call] : null,
      attempt.retry ? ["Then", `again after ${attempt.retry.delay_ms} ms: ${attempt.retry.why}`] : null,
      attempt.gave_up ? ["Not again", attempt.gave_up.why] : null,
    ];
    const list = attempt.calls.length === 0 ? null : [el("h3", {}, count(attempt.calls.length, "call")),
      longList(attempt.calls, (call) => el("li", { value: call.index }, button(callWords(call), () => this.go(placeOf(step, attempt, call.index)), { class: "link" })), "call")];
    return { title: bdi(nameOf(step) + ", attempt " + attempt.attempt), body: [fields(rows), this.failure(step, attempt), list, this.document(placeOf(step, attempt), "Input", attempt.fell_back ? "Output of the skill" : "Output"), fallback(attempt)] };
  }

  // What never began has no input, no fuel and no calls.
  notRun(step, attempt) {
    const rows = [["State", chip(attemptLook(attempt), attemptLook(attempt).word + (attempt.code === "OK" ? "" : ", " + attempt.code))], ["Decided", time(attempt.begun_us) + " after the start"]];
    return { title: bdi(nameOf(step)), body: [fields(rows), this.failure(step, attempt), el("p", {}, "Its skill was not called: nothing was asked and nothing was spent."), fallback(attempt)] };
  }

  call({ step, attempt, call }) {
    const place = placeOf(step, attempt, call.index);
    const rows = [
      ["Result", chip(callLook(call), callResult(call) + (call.status === null ? "" : ", status " + call.status))],
      ["Place (step:attempt:call)", place],
      ["Door", call.call],
      call.target ? ["Target", bdi(call.target)] : null,
      ["At", time(call.at_us) + " after the start, " + moment(this.model.head, call.at_us)],
      ["Took", call.took_us === null ? "" : time(call.took_us)],
      call.held || call.spent ? ["Money", `${money(call.spent)} spent of ${money(call.held)} held` + (call.cut_off && call.spent ? ": all of it, as nobody knows what became of the call" : "") + (call.overrun ? `, and ${money(call.overrun)} billed beyond it` : "")] : null,
      call.clamped_to === null ? null : ["Answer limited", `to ${call.clamped_to} tokens, as the budget afforded no more`],
      call.class === "effect" ? ["Another run", anew(call)] : null,
    ];
    const failure = call.message ? el("p", { class: "message" }, bdi(call.message)) : null;
    const names = { observe: ["", "Seen"], emit: ["Written", ""] }[call.class] || ["Request", "Answer"];
    return { title: [bdi(call.call), " ", bdi(cut(call.target, 200))], body: [fields(rows), failure, call.code && call.code !== "OK" ? this.page(call.code) : null, this.document(place, ...names)] };
  }

  failure(step, attempt) {
    const failure = attempt.failure;
    if (!failure) return null;
    const rows = [["Code", failure.code], ["Class", failure.category], ["Pointer", failure.pointer], ["Finer word", failure.subcode], ["Upstream's status", failure.status]];
    const details = failure.details ? el("details", {}, el("summary", {}, "Details"), jsonView(failure.details)) : null;
    return el("div", { class: "failed" }, el("h3", {}, attempt.status === "skipped" ? "Why it did not run" : "Why it failed"), el("p", { class: "message" }, bdi(failure.message)), fields(rows), details, this.page(failure.code));
  }

  page(code) {
    return this.failures ? later("What " + code + " means, and what to do", () => this.failures(code)) : null;
  }

  document(place, request, answer) {
    const node = el("div", { class: "documents" }, el("p", {}, "Reading…"));
    this.documents(place).then((found) => fill(node, documentView(found, place, request, answer)), (error) => fill(node, el("p", { class: "message" }, String(error.message || error))));
    return node;
  }
}

function documentView(found, place, request, answer) {
  if (!found) return el("p", {}, "What was asked and answered is not in this report.");
  return [[request, found.request, "request"], [answer, found.answer, "answer"]].map(([name, value, member]) => {
    if (!name || value === null || value === undefined) return null;
    const left = found.cut && found.cut[member];
    const note = left ? el("p", {}, `These are the first ${value.length.toLocaleString()} of ${left.toLocaleString()} bytes. All of it: aos inspect JOURNAL --call ${place}`) : null;
    const text = () => (typeof value === "string" ? value : JSON.stringify(value, null, 2));
    return el("section", { class: "document", "aria-label": name }, el("h3", {}, name, " ", copyButton(text, name.toLowerCase())), note, jsonView(value));
  });
}

function fallback(attempt) {
  if (!attempt.fell_back) return null;
  const { output, failure } = attempt.fell_back;
  return failure ? el("p", { class: "message" }, "There is no fallback: ", bdi(failure.message)) : [el("h3", {}, "The fallback that stands in for its output"), jsonView(output)];
}

// A list of names and what they stand for; what is missing is left out.
function fields(rows) {
  const there = rows.filter((row) => row && row[1] !== null && row[1] !== undefined && row[1] !== "");
  return el("dl", { class: "fields" }, there.map(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]));
}

function itemWords(item) {
  const { code } = item.attempts[item.attempts.length - 1];
  return look(stepState(item)).word + (code && code !== "OK" ? ", " + code : "");
}

// A long list, of which the first are shown.
function longList(all, item, what) {
  const list = el("ol", { class: "calls" }, all.slice(0, MOST_MEMBERS).map(item));
  const more = all.length - MOST_MEMBERS;
  return more <= 0 ? list : [list, later(count(more, "more " + what), () => el("ol", { class: "calls" }, all.slice(MOST_MEMBERS).map(item)))];
}
