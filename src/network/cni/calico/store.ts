import { isAlreadyExists, StatusError } from '../../../apimachinery/errors.ts'
import type { KubeObject, ResourceRef } from '../../../apimachinery/resource.ts'
import type { Client } from '../../../client/client.ts'
import { Informer } from '../../../client/informer.ts'
import { sleep, type Task } from '../../../sim/task.ts'
import type { Fabric } from '../../fabric/fabric.ts'
import { CalicoIpam, type Block, type Pool } from './ipam.ts'
import { BgpMesh } from './mesh.ts'
import {
  blockaffinities,
  calicoObject,
  clusterinformations,
  felixconfigurations,
  ipamblocks,
  ippools,
  type IPPool,
  type TunnelMode,
} from './resources.ts'

const RETRY_MS = 5000

/** What calico's programs know together, by way of the API: pools, blocks, peers. */
export class CalicoStore {
  readonly ipam = new CalicoIpam()
  readonly mesh: BgpMesh
  private readonly client: Client
  private readonly pools: Informer<IPPool>
  private isStarted = false

  constructor(client: Client, fabric: Fabric) {
    this.client = client
    this.mesh = new BgpMesh(fabric)
    this.pools = new Informer(client, ippools)
    const put = (pool: IPPool) => this.put(pool)
    this.pools.addHandler({ onAdd: put, onUpdate: put, onDelete: (pool) => this.ipam.deletePool(pool.metadata.name ?? '') })
    this.ipam.onBlock = (block) => this.write(block)
  }

  /** Begins to follow the pools; the first node makes the default one. Safe to call again. */
  *start(defaultPool: IPPool): Task {
    if (this.isStarted) return
    this.isStarted = true
    yield* this.retried(() => this.createFirst(defaultPool))
    this.pools.start()
  }

  private *createFirst(defaultPool: IPPool): Task {
    const { items } = yield* this.client.list(ippools)
    if (items.length === 0) yield* this.create(ippools, defaultPool)
    yield* this.create(
      felixconfigurations,
      calicoObject('FelixConfiguration', 'default', { bpfConnectTimeLoadBalancing: 'TCP', logSeverityScreen: 'Info' }),
    )
    yield* this.create(
      clusterinformations,
      calicoObject('ClusterInformation', 'default', {
        calicoVersion: 'v3.31.0',
        clusterType: 'k8s,bgp,kdd',
        datastoreReady: true,
      }),
    )
  }

  private *create<T extends KubeObject>(ref: ResourceRef<T>, object: KubeObject): Task {
    try {
      yield* this.client.create(ref, object as T)
    } catch (error) {
      if (!isAlreadyExists(error)) throw error
    }
  }

  /** Until it succeeds: the definitions of the kinds may come later than the pods. */
  private *retried(action: () => Task): Task {
    for (;;) {
      try {
        return yield* action()
      } catch (error) {
        if (!(error instanceof StatusError)) throw error
      }
      yield* sleep(RETRY_MS)
    }
  }

  private put(pool: IPPool): void {
    const { spec } = pool
    if (spec)
      this.ipam.setPool({
        name: pool.metadata.name ?? '',
        cidr: spec.cidr,
        blockSize: spec.blockSize ?? 26,
        tunnel: tunnelOf(spec.ipipMode, spec.vxlanMode),
        natOutgoing: spec.natOutgoing === true,
        disabled: spec.disabled === true,
      })
    this.mesh.changed()
  }

  /** SIMPLIFIED: which addresses of a block are in use is not written into the IPAMBlock. */
  private write(block: Block): void {
    const { cidr, node } = block
    const name = cidr.replaceAll(/[./]/g, '-')
    const affinity = calicoObject('BlockAffinity', `${node}-${name}`, {
      cidr,
      node,
      state: 'confirmed',
      deleted: 'false',
      type: 'host',
    })
    const empty = Array.from({ length: block.size }, () => null)
    const unallocated = empty.map((_, i) => i)
    const content = calicoObject('IPAMBlock', name, {
      affinity: `host:${node}`,
      allocations: empty,
      attributes: [],
      cidr,
      deleted: false,
      strictAffinity: false,
      unallocated,
    })
    const { client } = this
    const write = function* (store: CalicoStore): Task {
      yield* store.create(blockaffinities, affinity)
      yield* store.create(ipamblocks, content)
    }
    client.sim.spawn(this.retried(() => write(this)))
  }
}

function tunnelOf(ipip: TunnelMode = 'Never', vxlan: TunnelMode = 'Never'): Pool['tunnel'] {
  if (vxlan !== 'Never') return { kind: 'vxlan', crossSubnet: vxlan === 'CrossSubnet' }
  return { kind: ipip === 'Never' ? 'none' : 'ipip', crossSubnet: ipip === 'CrossSubnet' }
}
