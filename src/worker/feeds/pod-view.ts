import type { Pod } from '../../apimachinery/generated/types.ts'
import type { ApiServer } from '../../apiserver/server.ts'
import { podStateCode } from './pod-state.ts'

/** A pod as kubectl's default columns show it, plus its state code. */
export interface PodView {
  readonly status: string
  readonly ready: number
  readonly containers: number
  readonly restarts: number
  /** Index into POD_STATES. */
  readonly state: number
}

/** Views of pods already seen: objects never change, and neither does what is shown of them with time. */
const seen = new WeakMap<Pod, PodView>()

/** Reads pods through the API server's own printer columns, so that every panel shows kubectl's word. */
export class PodViewer {
  private readonly api: ApiServer
  private readonly cells: { readonly ready: Cell; readonly status: Cell; readonly restarts: Cell }

  constructor(api: ApiServer) {
    this.api = api
    const columns = api.resources.find('', 'v1', 'pods')?.strategy.columns ?? []
    const cell = (name: string): Cell => columns.find((column) => column.name === name)?.cell as Cell
    this.cells = { ready: cell('Ready'), status: cell('Status'), restarts: cell('Restarts') }
  }

  view(pod: Pod): PodView {
    const known = seen.get(pod)
    if (known) return known
    const view = this.read(pod)
    seen.set(pod, view)
    return view
  }

  private read(pod: Pod): PodView {
    const now = this.api.sim.now
    const status = String(this.cells.status(pod, now))
    const [ready = 0, containers = 0] = String(this.cells.ready(pod, now)).split('/').map(Number)
    const restarts = Number.parseInt(String(this.cells.restarts(pod, now)), 10) || 0
    return {
      status,
      ready,
      containers,
      restarts,
      state: podStateCode({ status, ready, containers, hasNode: pod.spec?.nodeName !== undefined && pod.spec.nodeName !== '' }),
    }
  }
}

type Cell = (pod: Pod, nowMs: number) => string | number | boolean | null
