import type { CSSProperties } from 'react'
import { useTranslation } from 'react-i18next'
import { StateGlyph } from '../../diagrams/StateGlyph.tsx'
import { STATE_STYLES } from '../../theme/states.ts'
import styles from './ClusterView.module.css'
import type { Rect } from './layout.ts'
import type { ClusterModel } from './model.ts'
import type { Target } from './renderer.ts'
import { formatBytes, formatCpu } from './text.ts'
import type { ClusterStage } from './use-renderer.ts'

interface TooltipProps {
  readonly stage: ClusterStage
  readonly target: Target
  readonly x: number
  readonly y: number
  readonly version: number
}

/** What the pointer is over. Says nothing that the inspector or the summary list does not say too. */
export function Tooltip({ stage, target, x, y }: TooltipProps) {
  const { t } = useTranslation('cluster')
  const { model } = stage.renderer
  const rows = target.kind === 'pod' ? podRows(model, target.slot, t) : nodeRows(model, target.slot, t)
  if (!rows) return null
  const style = placeBeside(stage.cssRectOf(target) ?? { x, y, w: 0, h: 0 }, { x, y }, stage.cssSize)
  return (
    <div className={styles.tooltip} style={style} aria-hidden="true">
      <p className={styles.tooltipTitle}>{rows.title}</p>
      <dl>
        {rows.facts.map(([name, value, state]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              {state !== undefined && (
                <StateGlyph
                  state={state}
                  progress={rows.progress}
                  size={12}
                  color={`var(${STATE_STYLES[state]?.cssVar ?? '--text'})`}
                  surface="var(--surface-raised)"
                />
              )}
              {value}
            </dd>
          </div>
        ))}
      </dl>
    </div>
  )
}

/** Cells wider than this hold the pointer's place instead of their own edge. */
const WIDE = 360

/** Right of the cell, or left of it in the right half; never over it, unless it is very wide. */
function placeBeside(
  rect: Rect,
  pointer: { readonly x: number; readonly y: number },
  size: { readonly w: number; readonly h: number },
): CSSProperties {
  const wide = rect.w > WIDE
  const [left, right] = wide ? [pointer.x, pointer.x] : [rect.x, rect.x + rect.w]
  const top = wide ? pointer.y : rect.y
  return {
    ...(right > size.w * 0.62 ? { right: size.w - left + 10 } : { left: right + 10 }),
    ...(top > size.h * 0.55 ? { bottom: Math.max(4, size.h - top - (wide ? 0 : rect.h)) } : { top: Math.max(4, top) }),
  }
}

interface Rows {
  readonly title: string
  readonly progress?: number
  readonly facts: readonly (readonly [string, string, number?])[]
}

type Translate = (key: string, values?: { readonly what: string }) => string

function podRows(model: ClusterModel, slot: number, t: Translate): Rows | undefined {
  const pod = model.pods[slot]
  if (!pod) return undefined
  return {
    title: pod.name,
    progress: pod.progress,
    facts: [
      ['STATUS', pod.status, pod.state],
      ['READY', `${pod.readyContainers}/${pod.containers}`],
      ['RESTARTS', String(pod.restarts)],
      [t('namespace'), pod.namespace],
      ['IP', pod.ip || '<none>'],
      ['NODE', model.nodes[pod.node]?.name ?? '<none>'],
      [t('owner'), pod.owner || '<none>'],
    ],
  }
}

function nodeRows(model: ClusterModel, slot: number, t: Translate): Rows | undefined {
  const node = model.nodes[slot]
  if (!node) return undefined
  return {
    title: node.name,
    facts: [
      ['STATUS', node.powered ? node.status : `${node.status} · ${t('noPower')}`],
      ['ROLES', node.roles.join(',') || '<none>'],
      [t('requested', { what: 'cpu' }), `${formatCpu(node.cpuMilliRequested)} / ${formatCpu(node.cpuMilliAllocatable)}`],
      [
        t('requested', { what: 'memory' }),
        `${formatBytes(node.memoryBytesRequested)} / ${formatBytes(node.memoryBytesAllocatable)}`,
      ],
      ['pods', `${model.countOf(slot)} / ${node.podCapacity}`],
      ...(node.zone ? [['zone', node.zone] as const] : []),
      ...(node.taints.length > 0 ? [['taints', node.taints.join(', ')] as const] : []),
    ],
  }
}
