export interface LogLine {
  readonly timeMs: number
  readonly stream: 'stdout' | 'stderr'
  readonly text: string
}

const MAX_LINES = 10_000

/** A container's newest log lines. A write without newline is kept until its line ends. */
export class LogBuffer {
  private lines: LogLine[] = []
  private rest = { stdout: '', stderr: '' }
  /** The last line was ended by the process, not by a newline. */
  isCut = false
  private followers: ((line: LogLine) => void)[] = []

  write(timeMs: number, stream: 'stdout' | 'stderr', text: string): void {
    const parts = (this.rest[stream] + text).split('\n')
    this.rest[stream] = parts.pop() ?? ''
    for (const part of parts) this.add({ timeMs, stream, text: part })
    if (this.lines.length > MAX_LINES * 1.25) this.lines = this.lines.slice(-MAX_LINES)
  }

  /** Ends lines that have no newline, when the process has ended. */
  close(timeMs: number): void {
    for (const stream of ['stdout', 'stderr'] as const) {
      if (this.rest[stream] !== '') {
        this.add({ timeMs, stream, text: this.rest[stream] })
        this.isCut = true
      }
      this.rest[stream] = ''
    }
  }

  /** Calls back with each further line. Gives what stops it. */
  follow(listener: (line: LogLine) => void): () => void {
    this.followers.push(listener)
    return () => {
      this.followers = this.followers.filter((f) => f !== listener)
    }
  }

  private add(line: LogLine): void {
    this.lines.push(line)
    for (const follower of this.followers) follower(line)
  }

  all(): readonly LogLine[] {
    return this.lines
  }
}
