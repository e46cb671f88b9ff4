import type { Deployment, ReplicaSet } from '../../apimachinery/generated/types.ts'
import { deployments } from '../../apimachinery/generated/resources.ts'
import { podTemplateHash } from '../shared/hash.ts'
import { newControllerRef } from '../shared/owners.ts'
import { newReplicaSetAnnotations } from './annotations.ts'
import { HASH_LABEL, replicaSetName } from './replica-sets.ts'
import { newReplicaSetSize } from './rolling.ts'

/** The ReplicaSet that a Deployment's present template asks for. k8s 1.36: deployment getNewReplicaSet. */
export function buildReplicaSet(deployment: Deployment, oldRSs: readonly ReplicaSet[], revision: bigint): ReplicaSet {
  const { name = '', namespace } = deployment.metadata
  const template = deployment.spec?.template ?? {}
  const hash = podTemplateHash(template, deployment.status?.collisionCount)
  const labels = { ...template.metadata?.labels, [HASH_LABEL]: hash }
  const selector = deployment.spec?.selector
  const { minReadySeconds = 0 } = deployment.spec ?? {}
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: replicaSetName(name, hash),
      namespace,
      ownerReferences: [newControllerRef(deployment, deployments)],
      labels,
      annotations: newReplicaSetAnnotations(deployment, undefined, revision, false),
    },
    spec: {
      replicas: newReplicaSetSize(deployment, oldRSs, 0),
      ...(minReadySeconds > 0 ? { minReadySeconds } : {}),
      selector: { ...selector, matchLabels: { ...selector?.matchLabels, [HASH_LABEL]: hash } },
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
  }
}
