import type { Packet } from '../packet.ts'
export class IpSets {
  matches(_set: string, _directions: readonly ('src' | 'dst')[], _packet: Packet, _inInterface: string): boolean {
    return false
  }
}
