/** The kinds of sets that there are. */

export type Dimension = 'ip' | 'port' | 'net' | 'iface' | 'set'

export interface SetType {
  readonly name: string
  readonly storage: 'hash' | 'bitmap' | 'list'
  readonly dimensions: readonly Dimension[]
  readonly revision: number
}

/** What ipset or the kernel refused. */
export class SetError extends Error {
  /** 2: the command line is wrong, and help is offered. */
  readonly exitCode: 1 | 2

  constructor(message: string, exitCode: 1 | 2 = 1) {
    super(message)
    this.exitCode = exitCode
  }
}

const TYPES: readonly SetType[] = [
  { name: 'hash:ip', storage: 'hash', dimensions: ['ip'], revision: 6 },
  { name: 'hash:net', storage: 'hash', dimensions: ['net'], revision: 7 },
  { name: 'hash:ip,port', storage: 'hash', dimensions: ['ip', 'port'], revision: 7 },
  { name: 'hash:ip,port,ip', storage: 'hash', dimensions: ['ip', 'port', 'ip'], revision: 6 },
  { name: 'hash:ip,port,net', storage: 'hash', dimensions: ['ip', 'port', 'net'], revision: 8 },
  { name: 'hash:net,port', storage: 'hash', dimensions: ['net', 'port'], revision: 8 },
  { name: 'hash:net,iface', storage: 'hash', dimensions: ['net', 'iface'], revision: 8 },
  { name: 'bitmap:port', storage: 'bitmap', dimensions: ['port'], revision: 3 },
  { name: 'bitmap:ip', storage: 'bitmap', dimensions: ['ip'], revision: 3 },
  { name: 'list:set', storage: 'list', dimensions: ['set'], revision: 3 },
]
/** Known to ipset; their modules are not there. */
const MISSING = ['hash:mac', 'hash:ip,mac', 'hash:ip,mark', 'hash:net,net', 'hash:net,port,net', 'bitmap:ip,mac']

export function setType(name: string): SetType {
  const type = TYPES.find((each) => each.name === name)
  if (type) return type
  throw new SetError(
    MISSING.includes(name) ? 'Kernel error received: set type not supported' : `Syntax error: typename '${name}' is unknown`,
  )
}
