/** One thing that will happen, and the handle by which it is called off. Cancelling leaves it in the heap; it is skipped when its time comes. */
export class ScheduledEvent {
  readonly timeMs: number
  readonly sequence: number
  run: (() => void) | null
  readonly cause: unknown
  private readonly queue: EventQueue

  constructor(queue: EventQueue, timeMs: number, sequence: number, run: () => void, cause: unknown) {
    this.queue = queue
    this.timeMs = timeMs
    this.sequence = sequence
    this.run = run
    this.cause = cause
  }

  /** Safe at any time, also from within the event and after it ran. */
  cancel(): void {
    this.queue.cancel(this)
  }
}

/** Binary heap of events ordered by (time, sequence): events at one instant come out as they were scheduled. */
export class EventQueue {
  private readonly heap: ScheduledEvent[] = []
  private cancelled = 0

  get size(): number {
    return this.heap.length - this.cancelled
  }

  push(event: ScheduledEvent): void {
    const heap = this.heap
    let i = heap.length
    heap.push(event)
    while (i > 0) {
      const parent = (i - 1) >> 1
      const other = heap[parent] as ScheduledEvent
      if (!before(event, other)) break
      heap[i] = other
      i = parent
    }
    heap[i] = event
  }

  /** The next live event, left in place; undefined when there is none. */
  peek(): ScheduledEvent | undefined {
    while (this.heap.length > 0 && (this.heap[0] as ScheduledEvent).run === null) {
      this.removeFirst()
      this.cancelled--
    }
    return this.heap[0]
  }

  /** Takes out the event that peek returned. */
  shift(): ScheduledEvent | undefined {
    const first = this.peek()
    if (first) this.removeFirst()
    return first
  }

  cancel(event: ScheduledEvent): void {
    if (event.run === null) return
    event.run = null
    this.cancelled++
    if (this.cancelled > 64 && this.cancelled * 2 > this.heap.length) this.rebuild()
  }

  private removeFirst(): void {
    const heap = this.heap
    const last = heap.pop() as ScheduledEvent
    if (heap.length === 0) return
    let i = 0
    for (;;) {
      let child = 2 * i + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && before(heap[child + 1] as ScheduledEvent, heap[child] as ScheduledEvent)) child++
      if (!before(heap[child] as ScheduledEvent, last)) break
      heap[i] = heap[child] as ScheduledEvent
      i = child
    }
    heap[i] = last
  }

  private rebuild(): void {
    const live = this.heap.filter((event) => event.run !== null).sort((a, b) => (before(a, b) ? -1 : 1))
    this.heap.length = 0
    for (const event of live) this.heap.push(event)
    this.cancelled = 0
  }
}

function before(a: ScheduledEvent, b: ScheduledEvent): boolean {
  return a.timeMs < b.timeMs || (a.timeMs === b.timeMs && a.sequence < b.sequence)
}
