import { readdirSync, readFileSync } from 'node:fs'
import { beforeEach, describe, expect, it } from 'vitest'
import { installNetfilter } from '../netfilter/install.ts'
import { Netns } from '../link/netns.ts'
import { nftablesOf } from '../nft/nftables.ts'
import { nft } from './nft.ts'

const FOLDER = new URL('../proxy/testdata/', import.meta.url)

let netns: Netns
let nowMs: number
beforeEach(() => {
  nowMs = 0
  netns = namespace('n1')
})

function namespace(name: string): Netns {
  const made = new Netns(name)
  installNetfilter(made, { now: () => nowMs })
  return made
}

/** Runs a line; gives what it says on either side. */
function run(line: string, stdin = ''): string {
  const { stdout, stderr } = nft(netns, ['nft', ...line.split(' ')], stdin)
  return stdout + stderr
}

describe('nft -f - takes what nft list prints', () => {
  it.each(readdirSync(FOLDER))('%s', (file) => {
    const recorded = JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8')) as {
      readonly expect: { readonly nftables: { readonly list: readonly string[]; readonly dump: readonly string[] } }
    }
    const { list, dump } = recorded.expect.nftables
    expect(run('-f -', `${list.join('\n')}\n`)).toBe('')
    expect(sortedElements(run('list table ip kube-proxy'))).toBe(sortedElements(`${list.join('\n')}\n`))
    const other = namespace('n2')
    // Sets before the rules that look into them, as kube-proxy writes them.
    const script = dump.toSorted((a, b) => rank(a) - rank(b)).join('\n')
    expect(nft(other, ['nft', '-f', '-'], script).stderr).toBe('')
    expect(nftablesOf(other).table('ip kube-proxy')?.chains.size).toBe(nftablesOf(netns).table('ip kube-proxy')?.chains.size)
  })
})

const ORDER = ['table', 'chain', 'set', 'map', 'rule', 'element']
const rank = (line: string) => ORDER.indexOf(line.split(' ')[1] ?? '')

/** Recordings have elements sorted as text. */
function sortedElements(text: string): string {
  return text.replaceAll(/elements = \{ ([^}]*) \}/g, (_, inner: string) => inner.split(/,\s*/).toSorted().join())
}

describe('rules by hand', () => {
  beforeEach(() => {
    run('add table inet filter')
    run('add chain inet filter input { type filter hook input priority 0 ; policy accept ; }')
  })

  it('are added, inserted, replaced and deleted by handle', () => {
    run('add rule inet filter input tcp dport 22 counter accept')
    run('insert rule inet filter input iifname "lo" accept')
    run('add rule inet filter input ct state established,related accept comment "known"')
    expect(run('-a list chain inet filter input')).toBe(
      [
        'table inet filter {',
        '\tchain input { # handle 1',
        '\t\ttype filter hook input priority filter; policy accept;',
        '\t\tiifname "lo" accept # handle 2',
        '\t\ttcp dport 22 counter packets 0 bytes 0 accept # handle 3',
        '\t\tct state established,related accept comment "known" # handle 4',
        '\t}',
        '}',
        '',
      ].join('\n'),
    )
    run('replace rule inet filter input handle 3 tcp dport { 80, 443 } drop')
    run('delete rule inet filter input handle 2')
    expect(run('-a list chain inet filter input')).toContain('\t\ttcp dport { 80, 443 } drop # handle 3\n\t\tct state')
    expect(run('delete rule inet filter input handle 99')).toBe(
      'Error: Could not process rule: No such file or directory\ndelete rule inet filter input handle 99\n                              ^^^^^^^^^\n',
    )
  })

  it('in one file are all taken or none', () => {
    const text = 'add rule inet filter input accept\nadd rule inet filter nochain drop\n'
    expect(run('-f -', text)).toBe(
      '/dev/stdin:2:22-28: Error: Could not process rule: No such file or directory\n' +
        'add rule inet filter nochain drop\n                     ^^^^^^^\n',
    )
    expect(run('list chain inet filter input')).not.toContain('\t\taccept')
  })

  it.each([
    [
      'add rule inet filter inptu accept',
      'Error: No such file or directory; did you mean chain ‘input’ in table inet ‘filter’?',
      'inptu',
    ],
    [
      'add rule ip filter input accept',
      'Error: No such file or directory; did you mean table ‘filter’ in family inet?',
      'filter',
    ],
    ['list table ip nat', 'Error: No such file or directory', 'nat'],
    ['add rule inet filter input jump nowhere', 'Error: Could not process rule: No such file or directory', 'jump nowhere'],
    ['add rule inet filter input ip saddr @bad drop', 'Error: No such file or directory', '@bad'],
    ['add rule inet filter input masquerade', 'Error: Could not process rule: Operation not supported', 'masquerade'],
    ['add rule inet filter input tcp dport 70000 drop', 'Error: Service out of range', '70000'],
    [
      'add rule inet filter input tcp dport nosuch drop',
      'Error: Could not resolve service: Servname not supported for ai_socktype',
      'nosuch',
    ],
    [
      'add rule inet filter input ip saddr 300.1.1.1 drop',
      'Error: Could not resolve hostname: Name or service not known',
      '300.1.1.1',
    ],
    [
      'add rule inet filter input redirect to :8080',
      'Error: transport protocol mapping is only valid after transport protocol match',
      'redirect to :8080',
    ],
    ['create table inet filter', 'Error: Could not process rule: File exists', 'filter'],
    ['add tabel ip x', 'Error: syntax error, unexpected string', 'x'],
    ['add rule inet filter input tcp dprt 80', 'Error: syntax error, unexpected string', 'dprt'],
    ['frobnicate', 'Error: syntax error, unexpected string', 'frobnicate'],
  ])('%s', (line, message, place) => {
    const [first, second, carets] = run(line).split('\n')
    expect(first).toBe(message)
    expect(second).toBe(line)
    const at = line.lastIndexOf(place)
    expect(carets).toBe(' '.repeat(at) + '^'.repeat(place.length))
  })

  it('chains that are used stay, loops are refused', () => {
    run('add chain inet filter a')
    run('add chain inet filter b')
    run('add rule inet filter a jump b')
    expect(run('delete chain inet filter b')).toContain('Could not process rule: Device or resource busy')
    expect(run('add rule inet filter b goto a')).toContain('Could not process rule: Too many links')
    run('flush chain inet filter a')
    expect(run('delete chain inet filter b')).toBe('')
    run('rename chain inet filter a c')
    expect(run('list chains')).toContain('chain c {')
  })
})

describe('sets and maps by hand', () => {
  beforeEach(() => {
    run('add table ip t')
  })

  it('hold elements, with intervals only when declared', () => {
    run('add set ip t plain { type ipv4_addr ; }')
    run('add set ip t nets { type ipv4_addr ; flags interval ; }')
    run('add element ip t plain { 10.0.0.9, 10.0.0.10, 10.0.0.1 }')
    expect(run('add element ip t plain { 10.1.0.0/16 }')).toContain(
      "Error: You must add 'flags interval' to your set declaration if you want to add prefix elements",
    )
    run('add element ip t nets { 10.1.0.0/16, 192.168.0.1-192.168.0.9 }')
    expect(run('list set ip t plain')).toContain('elements = { 10.0.0.1, 10.0.0.9,\n\t\t\t     10.0.0.10 }')
    expect(run('list set ip t nets')).toContain('elements = { 10.1.0.0/16, 192.168.0.1-192.168.0.9 }')
    expect(run('add element ip t nets { 10.1.2.3 }')).toContain('Error: interval overlaps with an existing one')
    expect(run('get element ip t plain { 10.0.0.9 }')).toContain('elements = { 10.0.0.9 }')
    run('delete element ip t plain { 10.0.0.9 }')
    expect(run('delete element ip t plain { 10.0.0.9 }')).toContain('Could not process rule: No such file or directory')
    run('flush set ip t plain')
    expect(run('list set ip t plain')).not.toContain('elements')
  })

  it('with timeouts run out', () => {
    run('add set ip t short { type ipv4_addr ; flags timeout ; timeout 1m ; }')
    run('add element ip t short { 10.0.0.1, 10.0.0.2 timeout 10s }')
    nowMs = 5500
    expect(run('list set ip t short')).toContain('elements = { 10.0.0.1 expires 54s500ms, 10.0.0.2 timeout 10s expires 4s500ms }')
    nowMs = 20_000
    expect(run('list set ip t short')).toContain('elements = { 10.0.0.1 expires 40s }')
  })

  it('lead to chains that must exist', () => {
    run('add map ip t go { type inet_proto . inet_service : verdict ; }')
    expect(run('add element ip t go { tcp . 80 : goto web }')).toContain('Could not process rule: No such file or directory')
    run('add chain ip t web')
    expect(run('add element ip t go { tcp . 80 : goto web }')).toBe('')
    expect(run('delete chain ip t web')).toContain('Device or resource busy')
    run('delete element ip t go { tcp . 80 }')
    expect(run('delete chain ip t web')).toBe('')
  })
})

it('flushing all takes everything away', () => {
  run('add table ip a')
  run('add table ip6 b')
  expect(run('list tables')).toBe('table ip a\ntable ip6 b\n')
  run('flush ruleset ip')
  expect(run('list tables')).toBe('table ip6 b\n')
  run('flush ruleset')
  expect(run('list ruleset')).toBe('')
})
