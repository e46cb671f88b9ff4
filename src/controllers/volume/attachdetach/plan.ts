import type { Node, PersistentVolume, Pod, VolumeAttachment } from '../../../apimachinery/generated/types.ts'
import { nodeCondition } from '../../shared/nodes.ts'

/** How long a node that does not answer may keep a volume mounted. k8s 1.36: attachdetach MaxWaitForUnmountDuration. */
export const UNMOUNT_LIMIT_MS = 6 * 60_000
const OUT_OF_SERVICE = 'node.kubernetes.io/out-of-service'

/** One attachable volume as the controller sees it. */
export interface VolumeFacts {
  readonly volume: PersistentVolume
  /** Its name in the status of nodes. */
  readonly uniqueName: string
  /** Pods that want it, by node. */
  readonly wanted: ReadonlyMap<string, readonly Pod[]>
  readonly attachments: readonly VolumeAttachment[]
  node(name: string): Node | undefined
  /** Since when nobody wants it there. */
  unwantedSinceMs(node: string): number
  readonly nowMs: number
}

export interface AttachPlan {
  readonly detach: readonly { readonly attachment: VolumeAttachment; readonly forced: boolean }[]
  readonly attach: readonly string[]
  /** Nodes that have to wait, because the volume is on another one. */
  readonly blocked: readonly { readonly node: string; readonly by: readonly string[] }[]
  /** When to look again although nothing has changed; undefined: no need. */
  readonly lookAgainMs: number | undefined
}

const nodeOf = ({ spec }: VolumeAttachment) => spec?.nodeName ?? ''

/** Whether several nodes may have the volume at once. k8s 1.36: volume util IsMultiAttachAllowed. */
export function mayBeShared({ spec }: PersistentVolume): boolean {
  const modes = spec?.accessModes ?? []
  return modes.length === 0 || modes.some((mode) => mode === 'ReadWriteMany' || mode === 'ReadOnlyMany')
}

/** What to attach and detach. k8s 1.36: attachdetach reconciler reconcile, attachDesiredVolumes. */
export function planAttachments(facts: VolumeFacts): AttachPlan {
  const { wanted, attachments, volume, nowMs } = facts
  const detach: { attachment: VolumeAttachment; forced: boolean }[] = []
  let lookAgainMs: number | undefined
  for (const attachment of attachments) {
    if (wanted.has(nodeOf(attachment)) || attachment.metadata.deletionTimestamp !== undefined) continue
    const verdict = mayDetach(facts, nodeOf(attachment))
    if (verdict.ok) detach.push({ attachment, forced: verdict.forced })
    else if (verdict.retryMs !== undefined) lookAgainMs = Math.min(lookAgainMs ?? Infinity, verdict.retryMs)
  }
  const holders = attachments.map(nodeOf)
  const attach: string[] = []
  const blocked: { node: string; by: readonly string[] }[] = []
  for (const node of wanted.keys()) {
    const own = attachments.find((attachment) => nodeOf(attachment) === node)
    if (own && own.metadata.deletionTimestamp === undefined) continue
    const others = holders.filter((holder) => holder !== node)
    if (others.length > 0 && !mayBeShared(volume)) blocked.push({ node, by: others })
    // One of the same name is on its way out: its end brings us back.
    else if (!own) {
      attach.push(node)
      holders.push(node)
    }
  }
  return { detach, attach, blocked, lookAgainMs: lookAgainMs !== undefined && lookAgainMs <= nowMs ? undefined : lookAgainMs }
}

/** A volume that a node has mounted stays, until the node is given up. */
function mayDetach(
  { node: nodeNamed, uniqueName, unwantedSinceMs, nowMs }: VolumeFacts,
  name: string,
): { readonly ok: true; readonly forced: boolean } | { readonly ok: false; readonly retryMs?: number } {
  const node = nodeNamed(name)
  if (!node?.status?.volumesInUse?.includes(uniqueName)) return { ok: true, forced: false }
  if (node.spec?.taints?.some(({ key }) => key === OUT_OF_SERVICE)) return { ok: true, forced: true }
  const endMs = unwantedSinceMs(name) + UNMOUNT_LIMIT_MS
  if (nodeCondition(node, 'Ready')?.status === 'True') return nowMs < endMs ? { ok: false, retryMs: endMs } : { ok: false }
  return nowMs >= endMs ? { ok: true, forced: true } : { ok: false, retryMs: endMs }
}
