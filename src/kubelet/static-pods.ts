import { isAlreadyExists, StatusError } from '../apimachinery/errors.ts'
import { pods } from '../apimachinery/generated/resources.ts'
import type { Node, Pod } from '../apimachinery/generated/types.ts'
import { hashText } from '../sim/random.ts'
import { sleep, type Task } from '../sim/task.ts'
import { formatTime } from '../sim/time.ts'
import type { Client } from '../client/client.ts'

const HASH = 'kubernetes.io/config.hash'
const MIRROR = 'kubernetes.io/config.mirror'
const RETRY_MS = 10_000

/**
 * Pods from manifests on the machine, and their mirrors in the API: what others see of them.
 * k8s 1.36: kubelet/config/file.go, kubelet/pod/mirror_client.go.
 */
export class StaticPods {
  readonly pods: readonly Pod[]
  private readonly client: Client

  constructor(client: Client, nodeName: string, manifests: readonly Pod[]) {
    this.client = client
    this.pods = manifests.map((manifest) => staticPod(manifest, nodeName, formatTime(client.sim.now)))
  }

  /** The static pod's own uid for its mirror; undefined for a mirror of something else. */
  uidOf(mirror: Pod): string | undefined {
    return this.pods.find((p) => p.metadata.uid === mirror.metadata.annotations?.[MIRROR])?.metadata.uid
  }

  /** Makes the mirrors that are not there; all, or the one of that name. */
  createMirrors(node: Node, name?: string): void {
    for (const pod of this.pods)
      if (name === undefined || name === pod.metadata.name) this.client.sim.spawn(this.createMirror(pod, node))
  }

  private *createMirror(pod: Pod, node: Node): Task {
    const { uid = '', annotations, labels, name, namespace } = pod.metadata
    const mirror: Pod = {
      ...pod,
      metadata: {
        name,
        namespace,
        labels,
        annotations: { ...annotations, [MIRROR]: uid },
        ownerReferences: [
          { apiVersion: 'v1', kind: 'Node', name: node.metadata.name ?? '', uid: node.metadata.uid ?? '', controller: true },
        ],
      },
    }
    for (;;) {
      try {
        yield* this.client.create(pods, mirror)
        return
      } catch (error) {
        if (isAlreadyExists(error)) return
        if (!(error instanceof StatusError)) throw error
      }
      yield* sleep(RETRY_MS)
    }
  }
}

/** A manifest as the kubelet takes it in: on this node, with a uid made from its content, tolerating everything. */
function staticPod(manifest: Pod, nodeName: string, nowText: string): Pod {
  const name = `${manifest.metadata.name ?? ''}-${nodeName}`
  const text = JSON.stringify(manifest) + nodeName
  let uid = ''
  for (let i = 0; i < 4; i++)
    uid += hashText(text, 0x811c9dc5 + i * 0x9e3779b1)
      .toString(16)
      .padStart(8, '0')
  return {
    ...manifest,
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...manifest.metadata,
      name,
      namespace: manifest.metadata.namespace ?? 'default',
      uid,
      annotations: {
        ...manifest.metadata.annotations,
        [HASH]: uid,
        'kubernetes.io/config.seen': nowText,
        'kubernetes.io/config.source': 'file',
      },
    },
    spec: {
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 30,
      enableServiceLinks: true,
      ...manifest.spec,
      containers: manifest.spec?.containers ?? [],
      nodeName,
      tolerations: [...(manifest.spec?.tolerations ?? []), { operator: 'Exists', effect: 'NoExecute' }],
    },
    status: { phase: 'Pending' },
  }
}
