import type { EngineApi } from '../../worker/protocol.ts'

/**
 * Asks the engine for moments of the past while a handle is dragged: one question is under way at a time, and only the
 * newest wish waits.
 */
export class Scrubber {
  readonly #look: EngineApi['lookAt']
  readonly #onError: (error: unknown) => void
  #wanted: number | null | undefined
  #busy = false

  constructor(look: EngineApi['lookAt'], onError: (error: unknown) => void) {
    this.#look = look
    this.#onError = onError
  }

  /** Shows that moment as soon as the engine can; null is now. */
  to(timeMs: number | null): void {
    this.#wanted = timeMs
    if (!this.#busy) void this.#run()
  }

  async #run(): Promise<void> {
    this.#busy = true
    try {
      while (this.#wanted !== undefined) {
        const timeMs = this.#wanted
        this.#wanted = undefined
        await this.#look(timeMs)
      }
    } catch (error) {
      this.#wanted = undefined
      this.#onError(error)
    } finally {
      this.#busy = false
    }
  }
}
