import { beforeEach, describe, expect, test } from 'vitest'
import { newConnection, type Connection, type Tuple } from '../conntrack/conntrack.ts'
import type { ConntrackTable } from '../conntrack/table.ts'
import { Netns } from '../link/netns.ts'
import { installNetfilter } from '../netfilter/install.ts'
import { conntrack } from './conntrack.ts'

const TCP: Tuple = { source: '10.244.0.7', destination: '10.96.0.1', protocol: 'tcp', sourcePort: 40_000, destinationPort: 443 }
const UDP: Tuple = { source: '10.244.0.7', destination: '10.96.0.10', protocol: 'udp', sourcePort: 40_001, destinationPort: 53 }
const PING: Tuple = { ...UDP, destination: '10.0.0.12', protocol: 'icmp', sourcePort: 7, destinationPort: 7, echo: 'request' }

const LINES = {
  tcp: 'tcp      6 86395 ESTABLISHED src=10.244.0.7 dst=10.96.0.1 sport=40000 dport=443 src=10.0.0.11 dst=10.244.0.7 sport=6443 dport=40000 [ASSURED] mark=0 use=1\n',
  udp: 'udp      17 29 src=10.244.0.7 dst=10.96.0.10 sport=40001 dport=53 [UNREPLIED] src=10.96.0.10 dst=10.244.0.7 sport=53 dport=40001 mark=5 use=1\n',
  icmp: 'icmp     1 29 src=10.244.0.7 dst=10.0.0.12 type=8 code=0 id=7 src=10.0.0.12 dst=10.244.0.7 type=0 code=0 id=7 mark=0 use=1\n',
}

let netns = new Netns('n1')
let table: ConntrackTable

function add(original: Tuple, seconds: number, changes: Partial<Connection> = {}): void {
  table.insert({ ...newConnection(original, 0), expiresMs: seconds * 1000, ...changes })
}

function run(line: string): { stdout: string; stderr: string; exitCode: number } {
  return conntrack(netns, `conntrack ${line}`.trim().split(' '), '')
}

beforeEach(() => {
  netns = new Netns('n1')
  table = installNetfilter(netns, { now: () => 0 }).conntrack
  const reply: Tuple = { ...TCP, source: '10.0.0.11', destination: '10.244.0.7', sourcePort: 6443, destinationPort: 40_000 }
  add(TCP, 86_395, { tcpState: 'ESTABLISHED', reply, unreplied: false, assured: true, hasDnat: true })
  add(UDP, 29, { mark: 5 })
  add(PING, 29, { unreplied: false })
})

describe('conntrack', () => {
  test.each([
    ['-L', [LINES.tcp, LINES.udp, LINES.icmp]],
    ['-L -p tcp', [LINES.tcp]],
    ['-L -p tcp --dport 443 --state ESTABLISHED', [LINES.tcp]],
    ['-L -d 10.96.0.0/12', [LINES.tcp, LINES.udp]],
    ['-L --reply-src 10.0.0.11', [LINES.tcp]],
    ['-L --dst-nat', [LINES.tcp]],
    ['-L -m 5', [LINES.udp]],
    ['-L -u ASSURED', [LINES.tcp]],
    ['-L -f ipv6', []],
  ])('%s', (line, lines) => {
    expect(run(line)).toEqual({
      stdout: lines.join(''),
      stderr: `conntrack v1.4.7 (conntrack-tools): ${lines.length} flow entries have been shown.\n`,
      exitCode: 0,
    })
  })

  test('-D deletes what it shows, and fails when there is nothing', () => {
    const deleted = run('-D -p udp --orig-port-dst 53')
    expect(deleted).toMatchObject({ stdout: LINES.udp, exitCode: 0 })
    expect(deleted.stderr).toBe('conntrack v1.4.7 (conntrack-tools): 1 flow entries have been deleted.\n')
    expect(run('-D -p udp')).toMatchObject({ stdout: '', exitCode: 1 })
    expect(run('-C').stdout).toBe('2\n')
    expect(run('-F').stderr).toBe('conntrack v1.4.7 (conntrack-tools): connection tracking table has been emptied.\n')
    expect(run('-C').stdout).toBe('0\n')
  })

  test.each([
    ['-L --foo', "unknown option `--foo'"],
    ['-L -p foo', "`foo' unsupported protocol"],
    ['-L -s foo', "Invalid IP address `foo'"],
    ['-L --state ESTABLISHED', "unknown option `--state'"],
    ['-L foo', "unknown type `foo'"],
  ])('%s', (line, message) => {
    expect(run(line)).toEqual({
      stdout: '',
      stderr: `conntrack v1.4.7 (conntrack-tools): ${message}\nTry \`conntrack -h' or 'conntrack --help' for more information.\n`,
      exitCode: 2,
    })
  })
})
