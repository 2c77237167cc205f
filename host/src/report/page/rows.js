// The rows of the timeline: steps, and below what is opened, elements, attempts and calls. It draws nothing.

// Of a run with no more rows than this, what failed is open from the start.
const FEW_ROWS = 40;

class Rows {
  constructor(model) {
    this.model = model;
    this.open = new Set();
    this.closed = new Set();
    this.filter = "";
    this.onlyFailures = false;
    this.list = [];
  }

  // Makes the list anew.
  build() {
    const few = this.model.steps.length <= FEW_ROWS;
    this.list = [];
    for (const group of this.model.groups.values()) {
      if (group.items.length === 0) {
        if (group.whole) this.addStep(group.whole, 1, few);
      } else {
        this.addGroup(group, few);
      }
    }
    return this.list;
  }

  addGroup(group, few) {
    const items = group.items.filter((item) => this.fits(item));
    if (items.length === 0 && !(group.whole && this.fits(group.whole))) return;
    const key = group.id + "[]";
    const open = this.isOpen(key, group.items.length <= 12 || this.isFiltered());
    this.list.push({ kind: "group", key, group, level: 1, open });
    if (open) items.forEach((item) => this.addStep(item, 2, few));
  }

  addStep(step, level, few) {
    if (!this.fits(step)) return;
    const key = nameOf(step);
    const expandable = step.attempts.some((attempt) => attempt.calls.length > 0) || step.attempts.length > 1;
    const open = expandable && this.isOpen(key, few && stepState(step) === "failure");
    this.list.push({ kind: "step", key, step, level, open: expandable ? open : null });
    if (!open) return;
    for (const attempt of step.attempts) {
      if (step.attempts.length > 1) {
        this.list.push({ kind: "attempt", key: placeOf(step, attempt), step, attempt, level: level + 1, open: null });
      }
      const below = level + (step.attempts.length > 1 ? 2 : 1);
      for (const call of attempt.calls) {
        this.list.push({ kind: "call", key: placeOf(step, attempt, call.index), step, attempt, call, level: below, open: null });
      }
    }
  }

  isOpen(key, usually) {
    return this.open.has(key) || (usually && !this.closed.has(key));
  }

  toggle(row, open) {
    (open ? this.open : this.closed).add(row.key);
    (open ? this.closed : this.open).delete(row.key);
  }

  isFiltered() {
    return this.filter !== "" || this.onlyFailures;
  }

  fits(step) {
    if (this.onlyFailures && !step.attempts.some((attempt) => attempt.failure)) return false;
    if (this.filter === "") return true;
    const words = [nameOf(step)];
    for (const attempt of step.attempts) {
      words.push(attempt.skill || "", attempt.code || "");
      attempt.calls.forEach((call) => words.push(call.call, call.target, call.code || ""));
    }
    return words.some((word) => word.toLowerCase().includes(this.filter));
  }

  // Opens whatever is above a place, so that it has a row.
  reveal(place) {
    const found = this.model.find(place);
    // A step whose elements are under way has nothing of its own yet.
    const id = place.split(":")[0];
    if (!found && !this.model.groups.has(id)) return -1;
    [this.filter, this.onlyFailures] = ["", false];
    if (!found) {
      this.build();
      return this.list.findIndex((row) => row.key === id + "[]");
    }
    if (found.step.item !== null) this.toggle({ key: found.step.step + "[]" }, true);
    if (found.call || found.step.attempts.length > 1) this.toggle({ key: nameOf(found.step) }, true);
    const keys = [place, placeOf(found.step, found.attempt), nameOf(found.step), found.step.step + "[]"];
    this.build();
    return keys.map((key) => this.list.findIndex((row) => row.key === key)).find((at) => at >= 0) ?? -1;
  }
}

// What a row says of itself in words, which is all that a screen reader has of it.
function rowWords(row, now) {
  if (row.kind === "group") {
    const failed = row.group.items.filter((item) => stepState(item) === "failure").length;
    const state = look(row.group.state()).word;
    return row.group.id + ": " + count(row.group.items.length, "element") + ", " + state + (failed ? ", " + failed + " failed" : "");
  }
  if (row.kind === "call") return callWords(row.call);
  const attempts = row.kind === "attempt" ? [row.attempt] : row.step.attempts;
  return nameOf(row.step) + ": " + attempts.map((attempt) => attemptWords(attempt, now)).join("; ");
}

function attemptWords(attempt, now) {
  if (!attempt.skill) return attemptLook(attempt).word + (attempt.code && attempt.code !== "OK" ? ": " + attempt.code : "");
  const code = attempt.code && attempt.code !== "OK" ? " with " + attempt.code : "";
  const wait = attempt.retry ? ", again after " + attempt.retry.delay_ms + " ms" : "";
  const took = time(endOf(attempt, now) - attempt.begun_us);
  return "attempt " + attempt.attempt + " " + attemptLook(attempt).word + code + ", at " + time(attempt.begun_us) + " for " + took + wait;
}

function callWords(call) {
  const status = call.status === null ? "" : " " + call.status;
  const took = call.took_us === null ? "" : " for " + time(call.took_us);
  return "call " + call.index + ", " + call.call + " " + call.target + ": " + callResult(call) + status + ", at " + time(call.at_us) + took;
}
