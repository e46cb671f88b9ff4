import type { Task } from '../../sim/task.ts'
import { print, type ProgramTable, type System } from '../program.ts'

interface Target {
  readonly host: string
  readonly port: number
  readonly path: string
}

function parseUrl(text: string): Target {
  const match = /^(?:(https?):\/\/)?([^/:]+)(?::(\d+))?(\/.*)?$/.exec(text)
  const port = match?.[3] ? Number(match[3]) : match?.[1] === 'https' ? 443 : 80
  return { host: match?.[2] ?? '', port, path: match?.[4] ?? '/' }
}

/** SIMPLIFIED: only this pod can be reached; the pod network is not asked. */
function localService(system: System, { host, port }: Target) {
  const local =
    host === 'localhost' || host.startsWith('127.') || host === system.ip || host === system.hostname || host === '0.0.0.0'
  if (!local) system.unsteady()
  return local ? system.service(port) : undefined
}

function* fetch(system: System, tool: 'curl' | 'wget'): Task<number> {
  const url = system.argv.slice(1).findLast((a) => !a.startsWith('-')) ?? ''
  const target = parseUrl(url)
  const service = localService(system, target)
  const response = service?.http?.({ method: 'GET', path: target.path, headers: {}, body: '' }, { address: '127.0.0.1', port: 0 })
  if (!response) {
    if (tool === 'curl')
      system.writeError(
        `curl: (7) Failed to connect to ${target.host} port ${target.port} after 0 ms: Could not connect to server\n`,
      )
    else system.writeError(`wget: can't connect to remote host (${target.host}): Connection refused\n`)
    return tool === 'curl' ? 7 : 1
  }
  const failing = system.argv.some((a) => /^-[a-zA-Z]*f/.test(a) || a === '--fail')
  if (response.status >= 400 && (tool === 'wget' || failing)) {
    if (tool === 'wget') system.writeError(`wget: server returned error: HTTP/1.1 ${response.status}\n`)
    else system.writeError(`curl: (22) The requested URL returned error: ${response.status}\n`)
    return tool === 'curl' ? 22 : 1
  }
  const quietly = system.argv.includes('--spider') || system.argv.includes('/dev/null')
  if (!quietly) system.write(response.body)
  return 0
}

function* nc(system: System): Task<number> {
  const [host = '', port = '0'] = system.argv.slice(1).filter((a) => !a.startsWith('-'))
  const open = localService(system, { host, port: Number(port), path: '' }) !== undefined
  if (open && system.argv.some((a) => /^-[a-z]*v/.test(a))) print(system, `${host} (${host}:${port}) open`)
  return open ? 0 : 1
}

/** Programs that talk to a network. */
export const networkTools: ProgramTable = {
  wget: (system) => fetch(system, 'wget'),
  curl: (system) => fetch(system, 'curl'),
  nc,
}
