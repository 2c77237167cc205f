// The span of time that is looked at. Drawings that share one show the same.

// The shortest span: below it, neighbours in the journal have the same microsecond.
const SHORTEST_US = 20;

// Pixels that a mark of a scale has to itself at least, and those that its words take.
const [TICK_WIDTH, TICK_WORDS] = [60, 44];

class Span {
  constructor() {
    this.end = 1;
    this.from = 0;
    this.to = 1;
    this.watchers = [];
  }

  // The run is so long now. Who looks at all of it goes on to do so.
  grow(end) {
    const whole = this.from === 0 && this.to === this.end;
    this.end = Math.max(end, 1);
    if (whole) this.to = this.end;
    this.changed();
  }

  watch(work) {
    this.watchers.push(work);
  }

  changed() {
    this.watchers.forEach((work) => work());
  }

  show(from, to) {
    const length = Math.min(Math.max(to - from, SHORTEST_US), this.end);
    this.from = Math.min(Math.max(from, 0), this.end - length);
    this.to = this.from + length;
    this.changed();
  }

  all() {
    this.show(0, this.end);
  }

  // Looks closer, or from further away, at the same place.
  zoom(factor, around) {
    const at = around === undefined ? (this.from + this.to) / 2 : around;
    this.show(at - (at - this.from) * factor, at + (this.to - at) * factor);
  }

  pan(share) {
    const by = (this.to - this.from) * share;
    this.show(this.from + by, this.to + by);
  }

  // Where a moment lies: 0 is the left edge, 1 the right one.
  place(us) {
    return (us - this.from) / (this.to - this.from);
  }

  at(share) {
    return this.from + share * (this.to - this.from);
  }

  // Round moments for a scale of this width, six or so at most, with their words: [microseconds, words].
  ticks(width) {
    const length = this.to - this.from;
    const rough = length / Math.max(2, Math.min(6, Math.floor(width / TICK_WIDTH)));
    const ten = 10 ** Math.floor(Math.log10(rough));
    const step = Math.max(1, [1, 2, 5, 10].map((times) => times * ten).find((step) => step >= rough));
    const last = this.to - (length * TICK_WORDS) / Math.max(width, 2 * TICK_WORDS);
    const ticks = [];
    for (let at = Math.ceil(this.from / step) * step; at <= last; at += step) ticks.push([at, tick(at, step)]);
    return ticks;
  }
}

// The words of a tick: finer than time(), as neighbours have to differ.
function tick(us, step) {
  if (us === 0) return "0";
  if (step >= 1e6) return us / 1e6 + " s";
  if (step >= 1e3) return us >= 1e6 ? (us / 1e6).toFixed(3).replace(/0+$/, "") + " s" : us / 1e3 + " ms";
  return us >= 1e3 ? (us / 1e3).toFixed(3).replace(/0+$/, "") + " ms" : us + " µs";
}
