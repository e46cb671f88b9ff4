import { useCallback, useEffect, useRef, useState, type KeyboardEvent, type PointerEvent } from 'react'
import { useTranslation } from 'react-i18next'
import type { FeedData, PodRow } from '../../../worker/protocol.ts'
import { useFeed, useFeedDeltas } from '../../engine/hooks.ts'
import { nodeRef, podRef, useSelection, type ObjectRef } from '../../state/selection.ts'
import { useSettings } from '../../state/settings.ts'
import styles from './ClusterView.module.css'
import { EMPTY_FILTER, filterOf, type Filter } from './filter.ts'
import { HighlightBar } from './HighlightBar.tsx'
import { podInside } from './inside.ts'
import { nextPod } from './keyboard.ts'
import { Legend } from './Legend.tsx'
import type { ClusterModel } from './model.ts'
import { narrate, type Narration } from './narrate.ts'
import { readPalette } from './palette.ts'
import { BULK, type Target } from './renderer.ts'
import type { SceneTexts } from './scene.ts'
import { Summary } from './Summary.tsx'
import { Tooltip } from './Tooltip.tsx'
import { useStage, type ClusterStage } from './use-renderer.ts'
import { ZoomButtons } from './ZoomButtons.tsx'

/** The DOM around the canvas is brought up to date this often, however fast the cluster changes. */
const DOM_MS = 250
/** As much larger as the page's texts become. */
const ENLARGED = 1.4

/** Nodes as rooms, pods as cells that move in, change and leave. */
export default function ClusterView() {
  const { t } = useTranslation('cluster')
  const canvasRef = useRef<HTMLCanvasElement>(null)
  const [focus, setFocus] = useState<PodRow | null>(null)
  const texts: SceneTexts = { lane: t('lane'), laneEmpty: t('laneEmpty'), noPower: t('noPower'), taints: t('taint') }
  const stage = useStage(canvasRef, texts, setFocus)
  const [filter, setFilter] = useState<Filter>(EMPTY_FILTER)
  const [hover, setHover] = useState<{ readonly target: Target; readonly x: number; readonly y: number } | null>(null)
  const [narration, setNarration] = useState<Narration | null>(null)
  const version = useDeltas(stage, setNarration)
  useLooks(stage, texts)
  useInside(stage, focus)
  useSelected(stage, version)
  useEffect(() => stage?.renderer.setHighlight(filterOf(filter)), [stage, filter])
  useEffect(() => stage?.renderer.hover(hover?.target ?? null), [stage, hover])
  const select = useSelection((state) => state.select)
  const model = stage?.renderer.model

  const onPointerMove = (event: PointerEvent): void => {
    if (!stage || event.buttons !== 0) return setHover(null)
    const at = stage.pointOf(event)
    const target = stage.renderer.hit(at.x, at.y)
    const box = event.currentTarget.getBoundingClientRect()
    setHover(target && { target, x: event.clientX - box.left, y: event.clientY - box.top })
  }
  const onClick = (event: { clientX: number; clientY: number; detail: number }): void => {
    if (!stage) return
    const at = stage.pointOf(event)
    const target = stage.renderer.hit(at.x, at.y)
    if (event.detail === 2 && target) stage.zoomTo(target)
    else select(target && refOf(stage.renderer.model, target))
  }
  return (
    <div className={styles.view}>
      <div className={styles.picture}>
        <canvas
          ref={canvasRef}
          className={styles.canvas}
          data-over={hover ? true : undefined}
          tabIndex={0}
          role="application"
          aria-roledescription={t('map')}
          aria-label={t('mapLabel')}
          aria-describedby="cluster-summary"
          onPointerMove={onPointerMove}
          onPointerLeave={() => setHover(null)}
          onClick={onClick}
          onKeyDown={(event) => stage && onKey(event, stage, select)}
        />
        {stage && hover && (
          <Tooltip
            key={`${hover.target.kind}${hover.target.slot}`}
            stage={stage}
            target={hover.target}
            x={hover.x}
            y={hover.y}
            version={version}
          />
        )}
        <p className={styles.narration} aria-live="polite">
          {narration ? t(`say.${narration.key}`, narration.values) : ''}
        </p>
        {version > 0 && model?.nodeCount === 0 && <p className={styles.empty}>{t('empty')}</p>}
        {version === 0 && <p className={styles.empty}>{t('loading')}</p>}
      </div>
      {stage && model && (
        <div className={styles.bar}>
          <div className={styles.tools}>
            <Legend model={model} version={version} filter={filter} onChange={setFilter} />
            <HighlightBar model={model} version={version} filter={filter} onChange={setFilter} />
            <ZoomButtons stage={stage} />
          </div>
        </div>
      )}
      {model && <Summary model={model} version={version} onSelect={select} />}
    </div>
  )
}

/** Feeds the stage; gives a number that goes up at most four times a second, for the DOM parts. */
function useDeltas(stage: ClusterStage | undefined, onNarration: (line: Narration) => void): number {
  const [version, setVersion] = useState(0)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const onMap = useCallback(
    (data: FeedData) => {
      if (!stage || data.feed !== 'map') return
      const changes = stage.apply(data.map)
      const line = data.map.reset || data.map.pods.length > BULK ? undefined : narrate(changes, stage.renderer.model.nodes)
      timer.current ??= setTimeout(() => {
        timer.current = undefined
        setVersion((before) => before + 1)
        if (line) onNarration(line)
      }, DOM_MS)
    },
    [stage, onNarration],
  )
  useEffect(
    () => () => {
      clearTimeout(timer.current)
      timer.current = undefined
    },
    [],
  )
  useFeedDeltas(stage ? { feed: 'map' } : null, onMap)
  useFeedDeltas(stage ? { feed: 'clock' } : null, (data) => data.feed === 'clock' && stage?.renderer.setClock(data.clock.nowMs))
  return version
}

/** Theme, palette and language. */
function useLooks(stage: ClusterStage | undefined, texts: SceneTexts): void {
  const dark = useSettings((state) => state.darkNow)
  const palette = useSettings((state) => state.palette)
  const enlarged = useSettings((state) => state.enlarged)
  const { lane, laneEmpty, noPower, taints } = texts
  useEffect(() => stage?.enlarge(enlarged ? ENLARGED : 1), [stage, enlarged])
  useEffect(() => {
    // The document's attributes follow the settings in the same turn; read the colours after that.
    const id = requestAnimationFrame(() => stage?.renderer.setPalette(readPalette(document.documentElement)))
    return () => cancelAnimationFrame(id)
  }, [stage, dark, palette])
  useEffect(() => stage?.renderer.setTexts({ lane, laneEmpty, noPower, taints }), [stage, lane, laneEmpty, noPower, taints])
}

/** Containers of the pod that has been zoomed in on. */
function useInside(stage: ClusterStage | undefined, pod: PodRow | null): void {
  const request =
    pod && ({ feed: 'object', group: '', version: 'v1', resource: 'pods', namespace: pod.namespace, name: pod.name } as const)
  const { data, version } = useFeed(request)
  useEffect(() => stage?.renderer.setInside(data ? podInside(data.object) : null), [stage, data, version])
}

/** Shows the selection of the whole page as a ring, and brings it into sight when it was made elsewhere. */
function useSelected(stage: ClusterStage | undefined, version: number): void {
  const selected = useSelection((state) => state.selected)
  const shown = useRef<ObjectRef | null>(null)
  useEffect(() => {
    if (!stage) return
    const { renderer } = stage
    const target = selected && targetOf(renderer.model, selected, renderer.selected)
    renderer.select(target)
    if (target && shown.current !== selected) stage.reveal(target)
    if (target || !selected) shown.current = selected
  }, [stage, selected, version])
}

function refOf(model: ClusterModel, target: Target): ObjectRef | null {
  if (target.kind === 'node') {
    const node = model.nodes[target.slot]
    return node ? nodeRef(node.name) : null
  }
  const pod = model.pods[target.slot]
  return pod ? podRef(pod.namespace, pod.name) : null
}

/** The slot of a selected pod or node; tries where it was before searching. */
function targetOf(model: ClusterModel, { resource, group, namespace, name }: ObjectRef, before: Target | null): Target | null {
  if (group !== '') return null
  if (resource === 'nodes') {
    const slot = model.nodes.findIndex((node) => node?.name === name)
    return slot < 0 ? null : { kind: 'node', slot }
  }
  if (resource !== 'pods') return null
  const same = (pod: PodRow | undefined): boolean => pod !== undefined && pod.name === name && pod.namespace === namespace
  if (before?.kind === 'pod' && same(model.pods[before.slot])) return before
  const slot = model.pods.findIndex(same)
  return slot < 0 ? null : { kind: 'pod', slot }
}

const ARROWS: { readonly [key: string]: readonly [number, number] } = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
}

function onKey(event: KeyboardEvent, stage: ClusterStage, select: (ref: ObjectRef | null) => void): void {
  const { renderer } = stage
  const arrow = ARROWS[event.key]
  if (arrow || event.key === 'Home') {
    const from = event.key === 'Home' || renderer.selected?.kind !== 'pod' ? -1 : renderer.selected.slot
    const slot = nextPod(renderer.model, renderer.scene.layout, renderer.scene.positions, from, arrow?.[0] ?? 0, arrow?.[1] ?? 0)
    if (slot >= 0) select(refOf(renderer.model, { kind: 'pod', slot }))
  } else if (event.key === 'Enter' && renderer.selected) stage.zoomTo(renderer.selected)
  else if (event.key === 'PageUp') stage.zoomBy(1.5)
  else if (event.key === 'PageDown') stage.zoomBy(1 / 1.5)
  else if (event.key === '0') stage.fit()
  else return
  event.preventDefault()
}
