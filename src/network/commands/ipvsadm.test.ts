import { describe, expect, test } from 'vitest'
import { installIpvs } from '../ipvs/install.ts'
import { Netns } from '../link/netns.ts'
import { ipvsadm, ipvsadmRestore, ipvsadmSave } from './ipvsadm.ts'

function machine() {
  const netns = new Netns('node-1')
  const clock = { ms: 0 }
  const ipvs = installIpvs(netns, () => clock.ms)
  const run = (line: string, stdin = '') => ipvsadm(netns, line.split(' '), stdin)
  return { netns, ipvs, clock, run }
}

const SETUP = [
  'ipvsadm -A -t 10.96.0.10:53 -s rr',
  'ipvsadm -a -t 10.96.0.10:53 -r 10.244.0.2:53 -m -w 1',
  'ipvsadm -a -t 10.96.0.10:53 -r 10.244.1.3:53 -m -w 0',
  'ipvsadm -A -t 10.96.0.1:443 -s wrr -p 10800',
  'ipvsadm -a -t 10.96.0.1:443 -r 10.0.0.11:6443 -m',
  'ipvsadm -A -u 10.96.0.10:53 -s rr',
]

describe('ipvsadm', () => {
  test('-Ln lists by protocol and address', () => {
    const { run } = machine()
    for (const line of SETUP) expect(run(line)).toEqual({ stdout: '', stderr: '', exitCode: 0 })
    expect(run('ipvsadm -Ln').stdout).toBe(
      [
        'IP Virtual Server version 1.2.1 (size=4096)',
        'Prot LocalAddress:Port Scheduler Flags',
        '  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn',
        'TCP  10.96.0.1:443 wrr persistent 10800',
        '  -> 10.0.0.11:6443               Masq    1      0          0         ',
        'TCP  10.96.0.10:53 rr',
        '  -> 10.244.0.2:53                Masq    1      0          0         ',
        '  -> 10.244.1.3:53                Masq    0      0          0         ',
        'UDP  10.96.0.10:53 rr',
        '',
      ].join('\n'),
    )
    expect(run('ipvsadm -ln -t 10.96.0.1:443').stdout.split('\n')).toHaveLength(6)
  })

  test('--stats, --rate and -c', () => {
    const { run, ipvs } = machine()
    for (const line of SETUP) run(line)
    const server = ipvs.server('TCP', '10.96.0.10', 53)
    const syn = {
      source: '10.244.0.9',
      destination: '10.96.0.10',
      protocol: 'tcp',
      sourcePort: 40_000,
      destinationPort: 53,
    } as const
    const packet = { ...syn, flags: 'S', ttl: 64, length: 60, mark: 0 } as const
    const connection = server && ipvs.schedule(server, packet)
    if (connection) ipvs.note(connection, packet, 'client')
    expect(run('ipvsadm -Ln --stats -t 10.96.0.10:53').stdout).toBe(
      [
        'IP Virtual Server version 1.2.1 (size=4096)',
        'Prot LocalAddress:Port               Conns   InPkts  OutPkts  InBytes OutBytes',
        '  -> RemoteAddress:Port',
        'TCP  10.96.0.10:53                       1        1        0       60        0',
        '  -> 10.244.0.2:53                       1        1        0       60        0',
        '  -> 10.244.1.3:53                       0        0        0        0        0',
        '',
      ].join('\n'),
    )
    expect(run('ipvsadm -Ln --rate').stdout).toContain('CPS    InPPS')
    expect(run('ipvsadm -Lnc').stdout).toBe(
      [
        'IPVS connection entries',
        'pro expire state       source             virtual            destination',
        'TCP 01:00  SYN_RECV    10.244.0.9:40000   10.96.0.10:53      10.244.0.2:53   ',
        '',
      ].join('\n'),
    )
    run('ipvsadm -Z')
    expect(run('ipvsadm -Ln --stats -t 10.96.0.10:53').stdout).toContain('10.96.0.10:53                       0        0')
  })

  test('saves what it restores', () => {
    const { run, netns } = machine()
    for (const line of SETUP) run(line)
    const saved = ipvsadmSave(netns, ['ipvsadm-save', '-n'], '').stdout
    run('ipvsadm -C')
    expect(run('ipvsadm -Ln').stdout.split('\n')).toHaveLength(4)
    ipvsadmRestore(netns, ['ipvsadm-restore'], saved)
    expect(ipvsadmSave(netns, ['ipvsadm-save', '-n'], '').stdout).toBe(saved)
  })

  test.each([
    ['ipvsadm -A -t 10.96.0.1:443 -s rr', 'Service already exists'],
    ['ipvsadm -D -t 10.96.0.9:443', 'No such service'],
    ['ipvsadm -a -t 10.96.0.1:443 -r 10.0.0.11:6443 -m', 'Destination already exists'],
    ['ipvsadm -d -t 10.96.0.1:443 -r 10.0.0.12:6443', 'No such destination'],
    ['ipvsadm -A -t 10.96.0.9:443 -s best', 'Scheduler or persistence engine not found'],
    ['ipvsadm -A -t nowhere:443', 'illegal virtual server address[:port] specified'],
    ['ipvsadm -a -t 10.96.0.1:443 -r 10.0.0.12 -w much', 'illegal weight specified'],
    ['ipvsadm -A -C', 'multiple commands specified'],
    ['ipvsadm --frobnicate', "ipvsadm: unrecognized option '--frobnicate'"],
  ])('%s: %s', (line, message) => {
    const { run } = machine()
    for (const each of SETUP) run(each)
    const { stderr, exitCode } = run(line)
    expect(stderr.trim()).toBe(message)
    expect(exitCode).not.toBe(0)
  })

  test('-e and -E change, -d and -D delete', () => {
    const { run } = machine()
    for (const line of SETUP) run(line)
    run('ipvsadm -e -t 10.96.0.10:53 -r 10.244.1.3:53 -m -w 5')
    run('ipvsadm -E -t 10.96.0.10:53 -s lc')
    run('ipvsadm -d -t 10.96.0.10:53 -r 10.244.0.2:53')
    run('ipvsadm -D -u 10.96.0.10:53')
    const { stdout } = run('ipvsadm -Ln')
    expect(stdout).toContain('TCP  10.96.0.10:53 lc\n  -> 10.244.1.3:53                Masq    5 ')
    expect(stdout).not.toContain('UDP')
    expect(stdout).not.toContain('10.244.0.2')
  })
})
