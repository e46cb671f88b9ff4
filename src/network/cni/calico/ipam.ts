/** calico-ipam: blocks of a pool that belong to nodes, and addresses of blocks. Source: calico v3.31 libcalico-go/lib/ipam. */
import { hashText } from '../../../sim/random.ts'
import { fromNumber, toNumber } from '../../address.ts'
import { CniError } from '../host-local.ts'

/** What a pool says that matters here. */
export interface Pool {
  readonly name: string
  readonly cidr: string
  readonly blockSize: number
  readonly tunnel: { readonly kind: 'ipip' | 'vxlan' | 'none'; readonly crossSubnet: boolean }
  readonly natOutgoing: boolean
  readonly disabled: boolean
}

export interface Block {
  readonly cidr: string
  readonly node: string
  readonly pool: string
  readonly base: number
  readonly size: number
}

/** Blocks are drawn from behind the first ranges of the pool: those may be in use by an older network of the same range. */
const FIRST_BLOCKS = 64

/** Who has which address. One for the whole cluster: what calico keeps in IPAMBlock and BlockAffinity objects. */
export class CalicoIpam {
  /** Rises when a block finds or loses its node. */
  version = 0
  private readonly pools = new Map<string, Pool>()
  private readonly blocks: Block[] = []
  private readonly used = new Map<number, string>()
  /** Told of each block that a node takes. */
  onBlock: (block: Block) => void = () => undefined

  setPool(pool: Pool): void {
    this.pools.set(pool.name, pool)
    this.version++
  }

  deletePool(name: string): void {
    this.pools.delete(name)
    this.version++
  }

  poolOf(block: Block): Pool | undefined {
    return this.pools.get(block.pool)
  }

  allPools(): readonly Pool[] {
    return [...this.pools.values()]
  }

  allBlocks(): readonly Block[] {
    return this.blocks
  }

  blocksOf(node: string): readonly Block[] {
    return this.blocks.filter((block) => block.node === node)
  }

  /** An address for a holder (a pod's uid, 'tunnel/node'), from a block of the node's, or of a new one. */
  assign(node: string, holder: string): string {
    const own = this.blocksOf(node).filter((block) => this.poolOf(block)?.disabled === false)
    for (const block of own) {
      const found = this.free(block)
      if (found !== undefined) return this.take(found, holder)
    }
    const block = this.claim(node)
    const found = block && this.free(block)
    if (found === undefined)
      throw new CniError(
        'plugin type="calico" failed (add): failed to request IPv4 addresses: Assigned 0 out of 1 requested IPv4 addresses; No more free affine blocks and strict affinity enabled',
      )
    return this.take(found, holder)
  }

  release(holder: string): void {
    for (const [number, by] of this.used) if (by === holder) this.used.delete(number)
  }

  private free(block: Block): number | undefined {
    for (let i = 0; i < block.size; i++) if (!this.used.has(block.base + i)) return block.base + i
    return undefined
  }

  private take(number: number, holder: string): string {
    this.used.set(number, holder)
    return fromNumber(number)
  }

  /** Takes a block for a node: a random one, always the same for the same node. */
  private claim(node: string): Block | undefined {
    for (const pool of this.pools.values()) {
      if (pool.disabled) continue
      const [address = '', bits = '16'] = pool.cidr.split('/')
      const size = 2 ** (32 - pool.blockSize)
      const count = 2 ** (pool.blockSize - Number(bits))
      const skipped = count > 2 * FIRST_BLOCKS ? FIRST_BLOCKS : 0
      const start = hashText(`${node}/${pool.cidr}`) % (count - skipped)
      for (let i = 0; i < count - skipped; i++) {
        const base = toNumber(address) + (skipped + ((start + i) % (count - skipped))) * size
        if (this.blocks.some((block) => block.base === base)) continue
        const block: Block = { cidr: `${fromNumber(base)}/${pool.blockSize}`, node, pool: pool.name, base, size }
        this.blocks.push(block)
        this.version++
        this.onBlock(block)
        return block
      }
    }
    return undefined
  }
}
