import { jsonEqual } from '../../apimachinery/equal.ts'
import { deployments, pods, replicasets } from '../../apimachinery/generated/resources.ts'
import type { Deployment, Pod, ReplicaSet } from '../../apimachinery/generated/types.ts'
import { keyOf, splitKey } from '../../apimachinery/resource.ts'
import { compileSelector } from '../../apimachinery/selectors.ts'
import { ControllerLoop } from '../../client/controller.ts'
import type { Informer } from '../../client/informer.ts'
import type { Controller, ControllerContext } from '../context.ts'
import { controllerFrom } from '../shared/controller.ts'
import { controllerOf, indexByController, indexByNamespace, inNamespace, ownedBy, resolveOwner } from '../shared/owners.ts'
import { DeploymentSync } from './sync.ts'

const WORKERS = 5
const MAX_RETRIES = 15

/** Rolls Deployments out over ReplicaSets. k8s 1.36: pkg/controller/deployment. */
export function deploymentController(context: ControllerContext): Controller {
  const client = context.client('deployment-controller')
  const deploymentInformer = context.informers.for(deployments)
  const replicaSetInformer = context.informers.for(replicasets)
  const podInformer = context.informers.for(pods)
  indexByController(replicaSetInformer)
  indexByController(podInformer)
  indexByNamespace(deploymentInformer)
  const loop: ControllerLoop = new ControllerLoop(context.sim, {
    name: 'deployment',
    workers: WORKERS,
    maxRetries: MAX_RETRIES,
    *reconcile(key) {
      const { namespace, name } = splitKey(key)
      const deployment = deploymentInformer.get(namespace, name)
      if (deployment) yield* new DeploymentSync(parts, deployment).run()
    },
  })
  const parts = {
    sim: context.sim,
    client,
    recorder: context.recorder(client, 'deployment-controller'),
    replicaSets: replicaSetInformer,
    pods: podInformer,
    queue: loop.queue,
  }
  const enqueue = (deployment: Deployment | undefined) => {
    if (deployment) loop.queue.add(keyOf(deployment))
  }
  deploymentInformer.addHandler({ onAdd: enqueue, onUpdate: enqueue, onDelete: enqueue })
  watchReplicaSets(deploymentInformer, replicaSetInformer, enqueue)
  podInformer.addHandler({
    onDelete: (pod) => enqueue(recreateWithoutPods(pod, deploymentInformer, replicaSetInformer, podInformer)),
  })
  return controllerFrom('deployment-controller', [loop])
}

function watchReplicaSets(
  deploymentInformer: Informer<Deployment>,
  replicaSetInformer: Informer<ReplicaSet>,
  enqueue: (deployment: Deployment | undefined) => void,
): void {
  const ownerOf = (rs: ReplicaSet) => resolveOwner(deploymentInformer, rs.metadata.namespace, controllerOf(rs))
  const enqueueMatching = (rs: ReplicaSet) => {
    for (const deployment of inNamespace(deploymentInformer, rs.metadata.namespace))
      if (selects(deployment, rs)) enqueue(deployment)
  }
  replicaSetInformer.addHandler({
    onAdd(rs) {
      if (controllerOf(rs) || rs.metadata.deletionTimestamp !== undefined) enqueue(ownerOf(rs))
      else enqueueMatching(rs)
    },
    onUpdate(rs, old) {
      const moved = !jsonEqual(controllerOf(rs), controllerOf(old))
      if (moved) enqueue(ownerOf(old))
      if (controllerOf(rs)) enqueue(ownerOf(rs))
      else if (moved || !jsonEqual(rs.metadata.labels, old.metadata.labels)) enqueueMatching(rs)
    },
    onDelete: (rs) => enqueue(ownerOf(rs)),
  })
}

function selects(deployment: Deployment, rs: ReplicaSet): boolean {
  const selector = deployment.spec?.selector
  const empty = Object.keys(selector?.matchLabels ?? {}).length === 0 && (selector?.matchExpressions ?? []).length === 0
  return !empty && compileSelector(selector)(rs.metadata.labels)
}

/** The Recreate Deployment whose last pod this was, if it was that. k8s 1.36: deployment deletePod. */
function recreateWithoutPods(
  pod: Pod,
  deploymentInformer: Informer<Deployment>,
  replicaSetInformer: Informer<ReplicaSet>,
  podInformer: Informer<Pod>,
): Deployment | undefined {
  const { namespace } = pod.metadata
  const rs = resolveOwner(replicaSetInformer, namespace, controllerOf(pod))
  const deployment = rs && resolveOwner(deploymentInformer, namespace, controllerOf(rs))
  if (deployment?.spec?.strategy?.type !== 'Recreate') return undefined
  const sets = ownedBy(replicaSetInformer, deployment.metadata.uid)
  return sets.some((set) => ownedBy(podInformer, set.metadata.uid).length > 0) ? undefined : deployment
}
