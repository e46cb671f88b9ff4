import type { Packet } from '../packet.ts'
export class IpSets {
  readonly now: () => number
  constructor(now: () => number) {
    this.now = now
  }
  matches(_set: string, _directions: readonly ('src' | 'dst')[], _packet: Packet, _inInterface: string): boolean {
    return false
  }
}
