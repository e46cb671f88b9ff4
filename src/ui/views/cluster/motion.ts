/** Cells on their way: from the lane to a node, in, out, and the brief ring around a change. World coordinates. */

export type MotionKind = 'move' | 'appear' | 'leave' | 'ring'

interface Motion {
  kind: MotionKind
  slot: number
  state: number
  fromX: number
  fromY: number
  toX: number
  toY: number
  startMs: number
  endMs: number
}

/** More than this at once would be noise: the rest just changes. */
const MOST = 240

/** Near the end slower: out of the cubic family, 0..1 to 0..1. */
export function ease(part: number): number {
  return 1 - (1 - part) ** 3
}

/** Wall milliseconds a cell takes over a distance on screen, 120 to 240. */
export function travelMs(pixels: number): number {
  return Math.min(240, 120 + pixels * 0.25)
}

export class Motions {
  readonly active: Motion[] = []
  private readonly spare: Motion[] = []

  /** False when there are too many already. */
  add(
    kind: MotionKind,
    slot: number,
    state: number,
    from: { x: number; y: number },
    to: { x: number; y: number },
    startMs: number,
    durationMs: number,
  ): boolean {
    if (this.active.length >= MOST) return false
    const motion = this.spare.pop() ?? { kind, slot, state, fromX: 0, fromY: 0, toX: 0, toY: 0, startMs: 0, endMs: 0 }
    motion.kind = kind
    motion.slot = slot
    motion.state = state
    motion.fromX = from.x
    motion.fromY = from.y
    motion.toX = to.x
    motion.toY = to.y
    motion.startMs = startMs
    motion.endMs = startMs + durationMs
    this.active.push(motion)
    return true
  }

  /** Ends those whose time is up, or all of one pod; `ended` hears of each. */
  end(test: (motion: Motion) => boolean, ended: (motion: Motion) => void): void {
    let kept = 0
    for (const motion of this.active) {
      if (test(motion)) {
        ended(motion)
        this.spare.push(motion)
      } else this.active[kept++] = motion
    }
    this.active.length = kept
  }
}
