// A run, as the host tells it: all at once, or as it changes. The rules of putting both together stand in the
// documentation of `aos_host::view::Changes`. Nothing is worked out here but the sums of one step over its
// attempts.

class Model {
  constructor() {
    this.seq = -1;
    this.head = null;
    this.steps = [];
    this.money = [];
    this.plan = null;
    this.workflowText = null;
    this.story = [];
    this.failures = [];
    this.groups = new Map();
  }

  // Takes in what the host says.
  apply(changes) {
    const { steps, money, plan, workflow_text: workflowText, story, failures, seq, ...head } = changes;
    Object.assign(this, { head, story, failures, seq });
    if (plan) this.plan = plan;
    if (workflowText !== undefined) this.workflowText = workflowText;
    for (const point of money) this.money.push(point);
    for (const step of steps) this.applyStep(step);
  }

  applyStep({ place, step, item, attempts }) {
    let known = this.steps[place];
    if (!known) {
      known = this.steps[place] = { place, step, item, attempts: [] };
      this.group(step).add(known);
    }
    for (const { calls, ...attempt } of attempts) {
      let own = known.attempts.find((other) => other.attempt === attempt.attempt);
      if (!own) known.attempts.push((own = { calls: [] }));
      Object.assign(own, attempt);
      for (const call of calls) putCall(own.calls, call);
    }
  }

  group(id) {
    if (!this.groups.has(id)) this.groups.set(id, new Group(id));
    return this.groups.get(id);
  }

  isOver() {
    return this.head.outcome !== null;
  }

  // Finds what `STEP[/ITEM]:ATTEMPT[:INDEX]` names.
  find(place) {
    const [name, attempt, index] = place.split(":");
    const [id, item] = name.split("/");
    const step = this.steps.find((step) => step.step === id && String(step.item) === String(item === undefined ? null : Number(item)));
    const own = step && step.attempts.find((own) => own.attempt === Number(attempt));
    const call = own && index !== undefined ? own.calls.find((call) => call.index === Number(index)) : undefined;
    return own ? { step, attempt: own, call } : null;
  }

  // How a step of the plan is.
  stateOf(id) {
    const group = this.groups.get(id);
    return group ? group.state() : "waiting";
  }
}

// A step with all of its elements.
class Group {
  constructor(id) {
    this.id = id;
    this.whole = null;
    this.items = [];
  }

  add(step) {
    if (step.item === null) {
      this.whole = step;
      return;
    }
    // Elements mostly begin in their order.
    let at = this.items.length;
    while (at > 0 && this.items[at - 1].item > step.item) at -= 1;
    this.items.splice(at, 0, step);
  }

  state() {
    return this.whole ? stepState(this.whole) : "running";
  }
}

// Calls mostly come in the order of their index.
function putCall(calls, call) {
  let at = calls.length;
  while (at > 0 && calls[at - 1].index > call.index) at -= 1;
  if (at > 0 && calls[at - 1].index === call.index) calls[at - 1] = call;
  else calls.splice(at, 0, call);
}

// The state of a step or of one element of it.
function stepState(step) {
  const last = step.attempts[step.attempts.length - 1];
  if (last.fell_back && !last.fell_back.failure) return "partial";
  return last.retry || !last.status ? "running" : last.status;
}

function endOf(attempt, now) {
  return attempt.took_us === null ? now : attempt.begun_us + attempt.took_us;
}

// Sums of a step over its attempts.
function sums(step) {
  const all = { fuel: 0, memory: null, charged: 0, absorbed: 0, sent: 0, calls: 0 };
  for (const attempt of step.attempts) {
    all.fuel += attempt.fuel;
    all.charged += attempt.charged;
    all.absorbed += attempt.absorbed;
    all.calls += attempt.calls.length;
    all.sent += attempt.calls.filter((call) => call.class === "effect" && !call.unsent).length;
    if (attempt.memory_bytes !== null) all.memory = Math.max(all.memory || 0, attempt.memory_bytes);
  }
  return all;
}
