import { isNotFound } from '../../apimachinery/errors.ts'
import { nodes } from '../../apimachinery/generated/resources.ts'
import type { Node } from '../../apimachinery/generated/types.ts'
import { ControllerLoop, Requeue } from '../../client/controller.ts'
import type { Controller, ControllerContext } from '../context.ts'
import { controllerFrom } from '../shared/controller.ts'
import { CidrSet } from './cidr-set.ts'

const WORKERS = 30
const MAX_RETRIES = 10

const subnetsOf = (node: Node): readonly string[] => node.spec?.podCIDRs ?? (node.spec?.podCIDR ? [node.spec.podCIDR] : [])

/** Gives each node its pod subnet. k8s 1.36: pkg/controller/nodeipam, range allocator. */
export function nodeIpamController(context: ControllerContext): Controller {
  const client = context.client('node-controller')
  const recorder = context.recorder(client, 'cidrAllocator')
  const informer = context.informers.for(nodes)
  const subnets = new CidrSet()
  const loop: ControllerLoop = new ControllerLoop(context.sim, {
    name: 'cidrallocator_node',
    workers: WORKERS,
    maxRetries: MAX_RETRIES,
    *reconcile(name) {
      const node = informer.get('', name)
      if (!node || subnetsOf(node).length > 0) return
      const subnet = subnets.allocate()
      if (subnet === null) {
        recorder.event(node, 'Normal', 'CIDRNotAvailable', `Node ${name} status is now: CIDRNotAvailable`)
        throw new Requeue('CIDR allocation failed; there are no remaining CIDRs left to allocate in the accepted range')
      }
      try {
        yield* client.patch(nodes, '', name, { spec: { podCIDR: subnet, podCIDRs: [subnet] } })
      } catch (error) {
        subnets.release(subnet)
        if (!isNotFound(error)) throw error
      }
    },
  })
  const consider = (node: Node) => {
    const own = subnetsOf(node)
    for (const subnet of own) subnets.occupy(subnet)
    if (own.length === 0) loop.queue.add(node.metadata.name ?? '')
  }
  informer.addHandler({
    onAdd: consider,
    onUpdate: consider,
    onDelete(node) {
      for (const subnet of subnetsOf(node)) subnets.release(subnet)
    },
  })
  return controllerFrom('node-ipam-controller', [loop])
}
