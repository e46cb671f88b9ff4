/**
 * Measures the Cluster view's renderer in a page: pans and zooms over a synthetic cluster while pods change.
 * Query: nodes, pods, changes (per frame), frames, theme; still=1 only draws, for a picture. The result is put on window.result.
 */
import { readPalette } from '../src/ui/views/cluster/palette.ts'
import { ClusterRenderer } from '../src/ui/views/cluster/renderer.ts'
import { makeChurn, makePod, makeSnapshot } from '../src/ui/views/cluster/synthetic.ts'
import type { View } from '../src/ui/views/cluster/layout.ts'

export interface PhaseResult {
  readonly phase: string
  readonly fps: number
  /** 95th percentile and longest of our own work in a frame. */
  readonly p95Ms: number
  readonly longestMs: number
}
declare global {
  interface Window {
    result?: readonly PhaseResult[]
  }
}

const query = new URLSearchParams(location.search)
const number = (name: string, fallback: number) => Number(query.get(name) ?? fallback)
const [W, H] = [1200, 720]
const FRAMES = number('frames', 180)
document.documentElement.dataset['theme'] = query.get('theme') ?? 'light'

const canvas = document.querySelector('canvas')
if (!canvas) throw new Error('no canvas')
const work: number[] = []
const renderer = new ClusterRenderer(
  canvas,
  readPalette(document.documentElement),
  { lane: 'Pending', laneEmpty: 'Pending', noPower: 'no power', taints: 'taint' },
  {
    onLayout: () => undefined,
    onFocus: () => undefined,
    schedule: (frame) =>
      requestAnimationFrame((now) => {
        const from = performance.now()
        frame(now)
        work.push(performance.now() - from)
      }),
  },
)
const snapshot = makeSnapshot(number('nodes', 1000), number('pods', 30_000))
renderer.resize(W, H, 1)
renderer.apply(snapshot)
if (query.get('broken')) breakSome()
const fit = renderer.fit()
renderer.setView(fit)

/** A node of each sort of trouble, and pods in every state. */
function breakSome(): void {
  const [, lost, dark, cordoned] = snapshot.nodes
  const nodes = [
    ...(lost ? [{ ...lost, ready: false, status: 'NotReady', taints: ['node.kubernetes.io/unreachable:NoExecute'] }] : []),
    ...(dark ? [{ ...dark, powered: false }] : []),
    ...(cordoned ? [{ ...cordoned, unschedulable: true, status: 'Ready,SchedulingDisabled' }] : []),
  ]
  const pods = snapshot.pods.slice(0, 12).map((pod, i) =>
    makePod({
      ...pod,
      state: i % 10,
      node: i % 10 === 2 ? -1 : pod.node,
      status: makePod({ slot: 0, state: i % 10 }).status,
      graceEndsMs: 27_000,
    }),
  )
  renderer.apply({ reset: false, nodes, removedNodes: [], pods, removedPods: [] })
}

/** A view with its middle at a part of the world, `zoom` times nearer than all of it. */
function look(zoom: number, partX: number, partY: number): View {
  const { world } = renderer
  const k = fit.k * zoom
  return { k, x: W / 2 - (world.x + world.w * partX) * k, y: H / 2 - (world.y + world.h * partY) * k }
}

const wave = (part: number) => 0.5 + 0.3 * Math.sin(part * Math.PI * 2)
const PHASES: { readonly [name: string]: (part: number) => View } = {
  'pan at fit': (part) => look(1, wave(part), 0.5),
  'zoom in and out': (part) => look(1.5 ** (6 * (1 - Math.abs(2 * part - 1))), 0.4, 0.45),
  'pan at shapes': (part) => look(3, wave(part), wave(part * 0.7)),
  'pan at labels': (part) => look(12, 0.4 + 0.1 * wave(part), wave(part)),
}

async function measure(phase: string, path: (part: number) => View): Promise<PhaseResult> {
  work.length = 0
  const changes = number('changes', 100)
  const from = performance.now()
  for (let frame = 0; frame < FRAMES; frame++) {
    renderer.setView(path(frame / FRAMES))
    if (changes > 0 && frame % 2 === 0) renderer.apply(makeChurn(snapshot, frame, changes))
    // oxlint-disable-next-line no-await-in-loop -- frames come one after the other
    await new Promise(requestAnimationFrame)
  }
  const sorted = work.toSorted((a, b) => a - b)
  return {
    phase,
    fps: Math.round((FRAMES * 10_000) / (performance.now() - from)) / 10,
    p95Ms: Math.round((sorted[Math.floor(sorted.length * 0.95)] ?? 0) * 10) / 10,
    longestMs: Math.round((sorted.at(-1) ?? 0) * 10) / 10,
  }
}

async function main(): Promise<void> {
  if (query.get('still')) {
    renderer.setView(look(number('zoom', 1), number('x', 0.5), number('y', 0.5)))
    await new Promise((resolve) => setTimeout(resolve, 900))
    window.result = []
    return
  }
  const results: PhaseResult[] = []
  // oxlint-disable-next-line no-await-in-loop -- phases are measured one after the other
  for (const [phase, path] of Object.entries(PHASES)) results.push(await measure(phase, path))
  window.result = results
}
void main()
