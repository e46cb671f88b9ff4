import type { ProxyRequest, ProxyResponse, TextSink } from '../apiserver/connect/backend.ts'

/**
 * Speaks HTTP/1.1 over a stream of text: takes what the client sends bit by bit, asks for each whole request, and writes
 * the answers. Bodies need a content-length.
 */
export function answerHttpText(
  ask: (request: ProxyRequest, answer: (response: ProxyResponse) => void) => void,
  sink: TextSink,
): (chunk: string) => void {
  let rest = ''
  return (chunk) => {
    rest += chunk
    for (;;) {
      const end = rest.indexOf('\r\n\r\n')
      if (end < 0) return
      const [first = '', ...lines] = rest.slice(0, end).split('\r\n')
      const headers = Object.fromEntries(lines.map((line) => headerLine(line)))
      const size = Number(headers['content-length'] ?? 0)
      if (rest.length < end + 4 + size) return
      const body = rest.slice(end + 4, end + 4 + size)
      rest = rest.slice(end + 4 + size)
      const [method = 'GET', path = '/'] = first.split(' ')
      ask({ method, path, headers, body }, (response) => {
        sink.text(responseText(response))
        if (headers['connection']?.toLowerCase() === 'close') sink.end()
      })
    }
  }
}

function headerLine(line: string): [string, string] {
  const at = line.indexOf(':')
  return [line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()]
}

const REASONS: { readonly [code: number]: string } = { 200: 'OK', 404: 'Not Found', 500: 'Internal Server Error' }

function responseText({ code, headers, body }: ProxyResponse): string {
  const length = encodeURIComponent(body).replaceAll(/%../g, '.').length
  const lines = Object.entries({ ...headers, 'content-length': String(length) }).map(([name, value]) => `${name}: ${value}\r\n`)
  return `HTTP/1.1 ${code} ${REASONS[code] ?? 'Status'}\r\n${lines.join('')}\r\n${body}`
}
