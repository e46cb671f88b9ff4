import { describe, expect, test } from 'vitest'
import { makePod, oneNode } from '../../kubelet/testdata/harness.ts'
import { pods } from '../../apimachinery/generated/resources.ts'

/** What a script prints in a busybox container, and the code it ends with. */
function sh(script: string, seconds = 20) {
  const node = oneNode()
  node.kubelet.start()
  node.create(pods, makePod({ image: 'busybox', command: ['sh', '-c', script] }, { restartPolicy: 'Never' }))
  node.run(seconds)
  return { lines: node.logs() ?? [], code: node.status()?.state?.terminated?.exitCode }
}

describe('small shell', () => {
  test.each<[string, readonly string[], number]>([
    ['echo hello world', ['hello world'], 0],
    ['echo "a  b" \'c  d\'; exit 3', ['a  b c  d'], 3],
    ['for i in 1 2 3; do echo n$i; done', ['n1', 'n2', 'n3'], 0],
    ['false || echo no && echo yes', ['no', 'yes'], 0],
    ['if [ -f /tmp/x ]; then echo there; else echo missing; fi', ['missing'], 0],
    ['echo one > /tmp/f; echo two >> /tmp/f; cat /tmp/f | grep two | wc -l', ['1'], 0],
    ['X=5; while [ $X -gt 3 ]; do echo $X; X=$((X-1)); done', ['5', '4'], 0],
    ['echo $(echo in; echo ner) `echo tick`', ['in ner tick'], 0],
    ['nosuchthing', ['sh: nosuchthing: not found'], 127],
    ['cat /nope 2>&1 | head -1; test -d /tmp && echo dir', ["cat: can't open '/nope': No such file or directory", 'dir'], 0],
    ['A=1 && [ "$A" = 1 ] && echo ${B:-none} ; ! false', ['none'], 0],
    ['while true; do echo', ['sh: syntax error: unexpected end of file (expecting "done")'], 2],
    ['printf "a b c\\nd\\n" > /tmp/f; while read x y; do echo $y-$x; done < /tmp/f', ['b c-a', '-d'], 0],
    ['i=0; while true; do i=$((i+1)); [ $i -ge 5 ] && break; done; echo $i', ['5'], 0],
    ['id -u; id; whoami', ['0', 'uid=0(root) gid=0(root) groups=0(root)', 'root'], 0],
    ['touch /tmp/a; chmod 640 /tmp/a; chown 7:8 /tmp/a; stat -c "%a %u:%g" /tmp/a', ['640 7:8'], 0],
    ['mkdir -p /tmp/d/e; chmod -R g+w,o= /tmp/d; stat -c %A /tmp/d/e', ['drwxrwx---'], 0],
    ['mkdir /tmp/d; touch /tmp/d/x.log; find /tmp/d -type f -name "*.log"', ['/tmp/d/x.log'], 0],
    ['echo ABC > /tmp/a; hexdump -C /tmp/a', [`00000000  41 42 43 0a${' '.repeat(39)}|ABC.|`, '00000004'], 0],
    ['sysctl kernel/shm_rmid_forced; sysctl nope', ['kernel.shm_rmid_forced = 0', "sysctl: error: 'nope' is an unknown key"], 1],
    ['ip link add dummy0 type dummy || echo no', ['ip: RTNETLINK answers: Operation not permitted', 'no'], 0],
  ])('%s', (script, lines, code) => {
    expect(sh(script)).toEqual({ lines, code })
  })

  test('an endless loop does not stop the clock', () => {
    expect(sh('while :; do :; done').code).toBeUndefined()
  })

  test('sleeps on the simulated clock', () => {
    const { lines } = sh('while true; do date +%s; sleep 1; done', 8)
    const seconds = lines.map(Number)
    expect(seconds.length).toBeGreaterThan(4)
    expect(seconds.every((s, i) => i === 0 || s - (seconds[i - 1] ?? 0) === 1)).toBe(true)
  })
})
