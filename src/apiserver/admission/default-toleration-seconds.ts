import type { Pod, Toleration } from '../../apimachinery/generated/types.ts'
import { writes } from './forbid.ts'
import type { AdmissionPlugin } from './plugin.ts'

const SECONDS = 300
const KEYS = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable']

const tolerates = (t: Toleration, key: string) => (t.key === key || !t.key) && (t.effect === 'NoExecute' || !t.effect)

/** Pods stay five minutes on nodes that are not ready or unreachable. k8s 1.36: DefaultTolerationSeconds. */
export const defaultTolerationSeconds: AdmissionPlugin = {
  name: 'DefaultTolerationSeconds',
  buckets: ['pods'],
  admit: (attributes) => {
    if (!writes(attributes, 'pods', 'CREATE', 'UPDATE')) return
    const pod = attributes.object as Pod
    const present = pod.spec?.tolerations ?? []
    const missing = KEYS.filter((key) => !present.some((t) => tolerates(t, key)))
    if (missing.length === 0) return
    const added = missing.map((key): Toleration => ({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: SECONDS }))
    const tolerant: Pod = { ...pod, spec: { ...(pod.spec ?? { containers: [] }), tolerations: [...present, ...added] } }
    return tolerant
  },
}
