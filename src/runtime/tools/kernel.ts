/** Programs on what the kernel keeps. */
import type { Task } from '../../sim/task.ts'
import { print, type ProgramTable, type System } from '../program.ts'

/** Parameters that every pod has, unless it sets them. */
const DEFAULTS: { readonly [name: string]: string } = {
  'kernel.hostname': '',
  'kernel.shm_rmid_forced': '0',
  'kernel.shmmax': '18446744073692774399',
  'net.core.somaxconn': '4096',
  'net.ipv4.ip_forward': '1',
  'net.ipv4.ip_local_port_range': '32768\t60999',
  'net.ipv4.ip_unprivileged_port_start': '0',
  'net.ipv4.ping_group_range': '0\t2147483647',
  'net.ipv4.tcp_keepalive_time': '7200',
  'net.ipv4.tcp_syncookies': '1',
}

const fileOf = (name: string) => `/proc/sys/${name.replaceAll('.', '/')}`

/** sysctl [-n] name..., sysctl -w name=value. SIMPLIFIED: what is set is kept, but nothing acts on it. */
function* sysctl(system: System): Task<number> {
  let code = 0
  const isBare = system.argv.includes('-n')
  for (const word of system.argv.slice(1).filter((a) => !a.startsWith('-'))) {
    const [given = '', value] = word.split(/=(.*)/s)
    // Slashes are taken for dots.
    const name = given.replaceAll('/', '.')
    const found = system.files.read(fileOf(name)) ?? (name === 'kernel.hostname' ? system.hostname : DEFAULTS[name])
    if (value !== undefined) {
      system.files.makeFolder(fileOf(name).replace(/\/[^/]*$/, ''))
      system.files.write(fileOf(name), value)
      print(system, `${name} = ${value}`)
    } else if (found === undefined) {
      system.writeError(`sysctl: error: '${given}' is an unknown key\n`)
      code = 1
    } else print(system, isBare ? found : `${name} = ${found}`)
  }
  return code
}

/** ip link and ip addr. SIMPLIFIED: nothing can be changed, privileged or not. */
function* ip(system: System): Task<number> {
  const [object = '', verb = 'show'] = system.argv.slice(1).filter((a) => !a.startsWith('-'))
  if (!/^(show|list|ls|s)$/.test(verb)) {
    system.writeError('ip: RTNETLINK answers: Operation not permitted\n')
    return 2
  }
  const links = [
    ['lo', '127.0.0.1/8', '<LOOPBACK,UP,LOWER_UP> mtu 65536'],
    ['eth0', `${system.ip}/24`, '<BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500'],
  ] as const
  for (const [i, [name, address, state]] of links.entries()) {
    print(system, `${i + 1}: ${name}: ${state} qdisc noqueue`)
    if (object.startsWith('a')) print(system, `    inet ${address} scope ${name === 'lo' ? 'host' : 'global'} ${name}`)
  }
  return 0
}

const MOUNTED = [
  ['overlay', '/', 'overlay'],
  ['proc', '/proc', 'proc'],
  ['cgroup2', '/sys/fs/cgroup', 'cgroup2'],
] as const

/** mount [-t type]. SIMPLIFIED: nothing can be mounted, and volumes are not listed. */
function* mount(system: System): Task<number> {
  const at = system.argv.indexOf('-t')
  const type = at < 0 ? undefined : system.argv[at + 1]
  if (system.argv.length > (at < 0 ? 1 : 3)) {
    system.writeError('mount: permission denied (are you root?)\n')
    return 1
  }
  for (const [device, path, kind] of MOUNTED)
    if (type === undefined || type === kind) print(system, `${device} on ${path} type ${kind} (rw,nosuid,nodev,noexec,relatime)`)
  return 0
}

export const kernelTools: ProgramTable = { sysctl, ip, mount }
