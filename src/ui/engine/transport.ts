import type { EngineApi, WorkerMessage } from '../../worker/protocol.ts'

/** A running engine, wherever it runs: calls one way, messages the other. */
export interface EngineTransport {
  readonly api: EngineApi
  /** Exactly one listener; set before the first call. */
  onMessage: (listener: (message: WorkerMessage) => void) => void
  /** The engine could not be loaded, or died without last words. */
  onFailure: (listener: (message: string) => void) => void
  terminate: () => void
}

/** Makes a fresh engine. */
export type EngineFactory = () => EngineTransport
