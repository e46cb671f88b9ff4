/** ipvsadm: the command line of IPVS. Source: ipvsadm 1.31. */
import { canonicalAddress } from '../address.ts'
import { ipvsOf, installIpvs } from '../ipvs/install.ts'
import type { Ipvs } from '../ipvs/ipvs.ts'
import { SCHEDULERS } from '../ipvs/schedulers.ts'
import type { Forwarding, IpvsProtocol, RealServer, VirtualServer } from '../ipvs/server.ts'
import { netfilterOf } from '../netfilter/install.ts'
import { joinHostPort } from '../proxy/changes/addresses.ts'
import type { CommandOutput, NodeCommand } from './command.ts'
import { IpvsadmError, parseIpvsadm, type IpvsadmRequest } from './ipvsadm-parse.ts'
import { listConnections, listServers, printRules } from './ipvsadm-list.ts'

export const ipvsadm: NodeCommand = (netns, argv, stdin) => {
  // As the real one, it loads the kernel's module.
  const ipvs = ipvsOf(netns) ?? installIpvs(netns, netfilterOf(netns)?.conntrack.now ?? (() => 0))
  try {
    return { stdout: run(ipvs, parseIpvsadm(argv.slice(1)), stdin), stderr: '', exitCode: 0 }
  } catch (error) {
    if (error instanceof IpvsadmError) return failed(error.message, error.exitCode)
    throw error
  }
}

/** ipvsadm-save and ipvsadm-restore, as the package has them. */
export const ipvsadmSave: NodeCommand = (netns, argv, stdin) => ipvsadm(netns, ['ipvsadm', '-S', ...argv.slice(1)], stdin)
export const ipvsadmRestore: NodeCommand = (netns, argv, stdin) => ipvsadm(netns, ['ipvsadm', '-R', ...argv.slice(1)], stdin)

function failed(message: string, exitCode: number): CommandOutput {
  return { stdout: '', stderr: `${message}\n`, exitCode }
}

function run(ipvs: Ipvs, request: IpvsadmRequest, stdin: string): string {
  ipvs.settle()
  if (request.command === 'list') return list(ipvs, request)
  if (request.command === 'save') return printRules(ipvs)
  ipvs.foreignChanges++
  if (request.command === 'restore') return restore(ipvs, stdin)
  if (request.command === 'clear') ipvs.flush()
  else if (request.command === 'zero') zero(ipvs, request)
  else change(ipvs, request)
  return ''
}

function list(ipvs: Ipvs, request: IpvsadmRequest): string {
  const server = request.service ? find(ipvs, request) : undefined
  if (request.format === 'connections') return listConnections(ipvs)
  if (request.format === 'timeout') return 'Timeout (tcp tcpfin udp): 900 120 300\n'
  if (request.format === 'daemon') return ''
  return listServers(ipvs, server ? [server] : [...ipvs.servers.values()], request)
}

function restore(ipvs: Ipvs, stdin: string): string {
  for (const line of stdin.split('\n').map((each) => each.trim())) if (line !== '') run(ipvs, parseIpvsadm(line.split(/\s+/)), '')
  return ''
}

function zero(ipvs: Ipvs, request: IpvsadmRequest): void {
  const servers = request.service ? [find(ipvs, request)] : [...ipvs.servers.values()]
  for (const server of servers) for (const { counters } of [server, ...server.reals]) counters.zero()
}

function change(ipvs: Ipvs, request: IpvsadmRequest): void {
  if (request.command === 'add-service') return addService(ipvs, request)
  const server = find(ipvs, request)
  if (request.command === 'edit-service') configure(server, request)
  else if (request.command === 'delete-service') ipvs.deleteServer(server)
  else changeReal(ipvs, server, request)
}

function addService(ipvs: Ipvs, request: IpvsadmRequest): void {
  const { protocol, address, port } = endpointOf(request)
  if (ipvs.server(protocol, address, port)) throw new IpvsadmError('Service already exists')
  checkScheduler(request.scheduler ?? 'wlc')
  configure(ipvs.addServer(protocol, address, port, 'wlc'), request)
}

function checkScheduler(name: string): void {
  if (!(name in SCHEDULERS)) throw new IpvsadmError('Scheduler or persistence engine not found')
}

function configure(server: VirtualServer, request: IpvsadmRequest): void {
  checkScheduler(request.scheduler ?? server.scheduler)
  if (request.scheduler !== undefined && request.scheduler !== server.scheduler) {
    server.scheduler = request.scheduler
    server.position = -1
    server.currentWeight = 0
  }
  server.persistentSeconds = request.persistentSeconds ?? 0
  if (request.netmask !== undefined) server.netmask = request.netmask
}

function changeReal(ipvs: Ipvs, server: VirtualServer, request: IpvsadmRequest): void {
  const { address, port } = splitAddress(request.server ?? '', server.port)
  const real = server.real(joinHostPort(address, port))
  if (request.command === 'add-server') {
    if (real) throw new IpvsadmError('Destination already exists')
    configureReal(ipvs.addReal(server, address, port), request)
    return
  }
  if (!real) throw new IpvsadmError('No such destination')
  if (request.command === 'edit-server') configureReal(real, request)
  else ipvs.deleteReal(server, real)
}

/** Without -g, -i or -m a server is reached by direct routing. */
function configureReal(real: RealServer, request: IpvsadmRequest): void {
  const forwarding: Forwarding = request.forwarding ?? 'Route'
  real.forwarding = forwarding
  real.weight = request.weight ?? 1
  real.upperThreshold = request.upperThreshold ?? real.upperThreshold
  real.lowerThreshold = request.lowerThreshold ?? real.lowerThreshold
}

function find(ipvs: Ipvs, request: IpvsadmRequest): VirtualServer {
  const { protocol, address, port } = endpointOf(request)
  const server = ipvs.server(protocol, address, port)
  if (!server) throw new IpvsadmError('No such service')
  return server
}

function endpointOf({ service }: IpvsadmRequest): { protocol: IpvsProtocol; address: string; port: number } {
  if (!service) throw new IpvsadmError("You need to supply the 'service' option for the command", 2)
  return { protocol: service.protocol, ...splitAddress(service.text, 0, 'virtual server') }
}

function splitAddress(text: string, defaultPort: number, what = 'real server'): { address: string; port: number } {
  const bracketed = /^\[([^\]]+)\](?::(\d+))?$/.exec(text)
  const plain = /^([^:]+)(?::(\d+))?$/.exec(text)
  const [, host, port] = bracketed ?? plain ?? []
  const address = canonicalAddress(host ?? text)
  const number = port === undefined ? defaultPort : Number(port)
  if (address === undefined || number > 65_535) throw new IpvsadmError(`illegal ${what} address[:port] specified`, 2)
  return { address, port: number }
}
