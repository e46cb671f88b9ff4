import { create } from 'zustand'
import type { ClusterOptions, EngineApi, InputLog, WorkerMessage } from '../../worker/protocol.ts'
import { FeedHub } from './hub.ts'
import type { HubPace } from './hub.ts'
import type { EngineFactory, EngineTransport } from './transport.ts'

export type SessionStatus =
  /** The cluster is being built or replayed. */
  | 'starting'
  | 'ready'
  /** An assertion failed in the engine; the log can be replayed. */
  | 'crashed'
  /** The engine could not be loaded at all. */
  | 'failed'

interface ConnectionState {
  readonly status: SessionStatus
  /** Why it crashed or failed. */
  readonly message: string
  /** What led to the crash. */
  readonly log: InputLog | null
}

export const useConnection = create<ConnectionState>()(() => ({ status: 'starting', message: '', log: null }))

/** A call did not come back because the engine is gone. */
export class EngineGoneError extends Error {
  override readonly name = 'EngineGoneError'
}

/** Lets calls that wait for an engine fail when it goes. */
class Departure {
  readonly #waiting = new Set<(error: EngineGoneError) => void>()
  #error: EngineGoneError | undefined

  happen(error: EngineGoneError): void {
    this.#error = error
    for (const reject of this.#waiting) reject(error)
    this.#waiting.clear()
  }

  guard<T>(call: Promise<T>): Promise<T> {
    if (this.#error !== undefined) return Promise.reject(this.#error)
    return new Promise<T>((resolve, reject) => {
      this.#waiting.add(reject)
      call.then(resolve, reject).finally(() => this.#waiting.delete(reject))
    })
  }
}

/** Owns the engine's life: starts it, passes its feeds on, notices its death and can begin again. */
export class EngineSession {
  readonly hub: FeedHub
  /** Stays the same object across restarts. Calls fail with EngineGoneError when the engine dies under them. */
  readonly api: EngineApi
  readonly #factory: EngineFactory
  #transport: EngineTransport | undefined
  #gone = new Departure()

  constructor(factory: EngineFactory, pace: HubPace) {
    this.#factory = factory
    this.hub = new FeedHub(pace)
    this.api = this.#facade()
  }

  /** A fresh engine with a fresh cluster. */
  start(options: ClusterOptions): Promise<void> {
    return this.#build((api) => api.start(options))
  }

  /** A fresh engine with the cluster that the log describes. */
  restore(log: InputLog): Promise<void> {
    return this.#build((api) => api.restore(log))
  }

  close(): void {
    this.#transport?.terminate()
    this.#transport = undefined
    this.#gone.happen(new EngineGoneError('The engine was stopped.'))
  }

  async #build(begin: (api: EngineApi) => Promise<void>): Promise<void> {
    if (this.#transport !== undefined) this.close()
    useConnection.setState({ status: 'starting', message: '', log: null })
    this.#gone = new Departure()
    const transport = this.#factory()
    this.#transport = transport
    transport.onMessage((message) => this.#receive(transport, message))
    transport.onFailure((message) => {
      if (this.#transport === transport) this.#fail(message)
    })
    // Calls arrive in order: the feeds find the cluster built.
    const begun = begin(this.api)
    this.hub.attach(this.api)
    try {
      await begun
    } catch (error) {
      if (this.#transport === transport && !(error instanceof EngineGoneError)) this.#fail(messageOf(error))
      return
    }
    if (this.#transport === transport && useConnection.getState().status === 'starting')
      useConnection.setState({ status: 'ready' })
  }

  #receive(transport: EngineTransport, message: WorkerMessage): void {
    if (this.#transport !== transport) return
    if (message.type === 'feed') this.hub.receive(message)
    else this.#end({ status: 'crashed', message: message.message, log: message.log })
  }

  #fail(message: string): void {
    if (useConnection.getState().status !== 'crashed') this.#end({ status: 'failed', message, log: null })
  }

  #end(state: ConnectionState): void {
    this.close()
    useConnection.setState(state)
  }

  #facade(): EngineApi {
    const call = <T>(run: (api: EngineApi) => Promise<T>): Promise<T> => {
      const transport = this.#transport
      if (transport === undefined) return Promise.reject(new EngineGoneError('The engine is not running.'))
      return this.#gone.guard(run(transport.api))
    }
    return {
      start: (options) => call((api) => api.start(options)),
      restore: (log) => call((api) => api.restore(log)),
      inputLog: () => call((api) => api.inputLog()),
      play: () => call((api) => api.play()),
      pause: () => call((api) => api.pause()),
      setSpeed: (speed) => call((api) => api.setSpeed(speed)),
      step: () => call((api) => api.step()),
      call: (request) => call((api) => api.call(request)),
      apply: (yaml, options) => call((api) => api.apply(yaml, options)),
      remove: (yaml) => call((api) => api.remove(yaml)),
      lint: (yaml) => call((api) => api.lint(yaml)),
      command: (command) => call((api) => api.command(command)),
      lookAt: (timeMs) => call((api) => api.lookAt(timeMs)),
      stepBack: () => call((api) => api.stepBack()),
      continueFrom: (timeMs) => call((api) => api.continueFrom(timeMs)),
      returnTo: (branch) => call((api) => api.returnTo(branch)),
      cancelReplay: () => call((api) => api.cancelReplay()),
      setBreakpoints: (conditions) => call((api) => api.setBreakpoints(conditions)),
      whatIf: (question) => call((api) => api.whatIf(question)),
      compareSchedulers: (first, second) => call((api) => api.compareSchedulers(first, second)),
      story: (question) => call((api) => api.story(question)),
      changeStory: (revision) => call((api) => api.changeStory(revision)),
      sendPacket: (question) => call((api) => api.sendPacket(question)),
      nodeCommand: (node, line) => call((api) => api.nodeCommand(node, line)),
      ruleTables: (node, service) => call((api) => api.ruleTables(node, service)),
      modeComparison: (question) => call((api) => api.modeComparison(question)),
      subscribe: (id, feed) => call((api) => api.subscribe(id, feed)),
      unsubscribe: (id) => call((api) => api.unsubscribe(id)),
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
