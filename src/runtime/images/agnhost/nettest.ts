/** agnhost nettest: counts who wrote to it. Source: kubernetes test/images/agnhost/nettest. SIMPLIFIED: it looks for no peers itself. */
import type { Task } from '../../../sim/task.ts'
import type { HttpResponse, System } from '../../program.ts'
import { flag, json, pathOf, serveUntilEnd, text } from './command.ts'

function sourceOf(body: string): string | undefined {
  try {
    const { Source } = JSON.parse(body) as { readonly Source?: string }
    return Source
  } catch {
    return undefined
  }
}

export function* nettest(system: System): Task<number> {
  const received: Record<string, number> = {}
  const answer = (method: string, path: string, body: string): HttpResponse => {
    switch (path) {
      case '/read':
        return json({
          Hostname: system.hostname,
          Sent: {},
          Received: received,
          Errors: null,
          Log: [],
          StillContactingPeers: false,
        })
      case '/status':
        return text('pass')
      case '/quit':
        return text('')
      case '/write': {
        const source = sourceOf(body)
        if (method !== 'POST' || source === undefined) return { status: 400, body: 'unexpected end of JSON input' }
        received[source] = (received[source] ?? 0) + 1
        system.changed()
        return json({ ResponseBody: 'OK' })
      }
      default:
        return { status: 404, body: '404 page not found\n' }
    }
  }
  const port = Number(flag(system, 'port') ?? 8080)
  return yield* serveUntilEnd(system, () => [
    { port, service: { protocol: 'http', http: (r) => answer(r.method, pathOf(r.path), r.body) } },
  ])
}
