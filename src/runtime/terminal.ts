import { waitFor, type Task } from '../sim/task.ts'

/** What is piped or typed into a process, as it comes. */
export class Input {
  /** Whether a person types at a terminal: programs prompt then. */
  readonly isTerminal: boolean
  private text = ''
  private isClosed = false
  private wake: (() => void) | null = null
  /** Called when the person presses Ctrl-C. */
  onInterrupt: (() => void) | null = null

  constructor(isTerminal: boolean) {
    this.isTerminal = isTerminal
  }

  push(text: string): void {
    this.text += text
    this.wake?.()
  }

  close(): void {
    this.isClosed = true
    this.wake?.()
  }

  /** The next line without its end; undefined when there is no more. */
  *readLine(): Task<string | undefined> {
    for (;;) {
      const end = this.text.indexOf('\n')
      if (end >= 0) {
        const line = this.text.slice(0, end)
        this.text = this.text.slice(end + 1)
        return line
      }
      if (this.isClosed) return this.rest()
      yield* this.more()
    }
  }

  /** Everything until the end. */
  *readAll(): Task<string> {
    while (!this.isClosed) yield* this.more()
    return this.rest() ?? ''
  }

  private rest(): string | undefined {
    const { text } = this
    this.text = ''
    return text === '' ? undefined : text
  }

  private more(): Task {
    return waitFor<void>((resume) => {
      this.wake = () => {
        this.wake = null
        resume()
      }
      return () => {
        this.wake = null
      }
    })
  }
}

const ERASE = new Set(['\x7f', '\b'])

/**
 * A terminal's line discipline between keys and a process: shows what is typed, lets it be erased, and makes Ctrl-C and
 * Ctrl-D of what they are. SIMPLIFIED: escape sequences (arrow keys) are dropped.
 */
export class Terminal {
  readonly input = new Input(true)
  private line = ''
  private escape = ''
  private readonly show: (text: string) => void

  /** `show` gets what appears on the screen. */
  constructor(show: (text: string) => void) {
    this.show = show
  }

  /** What a process writes. */
  output(text: string): void {
    this.show(text.replace(/\r?\n/g, '\r\n'))
  }

  /** Keys, as the client's terminal sends them. */
  type(keys: string): void {
    for (const key of keys) this.key(key)
  }

  private key(key: string): void {
    if (this.escape !== '' || key === '\x1b') return this.skip(key)
    if (key === '\r' || key === '\n') {
      this.show('\r\n')
      this.input.push(`${this.line}\n`)
      this.line = ''
    } else if (ERASE.has(key)) {
      if (this.line === '') return
      this.line = this.line.slice(0, -1)
      this.show('\b \b')
    } else if (key === '\x03') {
      this.line = ''
      this.show('^C\r\n')
      this.input.onInterrupt?.()
    } else if (key === '\x04') {
      if (this.line === '') this.input.close()
    } else if (key >= ' ' || key === '\t') {
      this.line += key
      this.show(key)
    }
  }

  /** ESC, [ and parameters, one last letter. */
  private skip(key: string): void {
    this.escape += key
    const isOver = this.escape.length > 2 ? /[@-~]/.test(key) : this.escape.length === 2 && key !== '[' && key !== 'O'
    if (isOver) this.escape = ''
  }
}
