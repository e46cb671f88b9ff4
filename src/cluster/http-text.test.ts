import { expect, test } from 'vitest'
import { answerHttpText } from './http-text.ts'

test('answers each request once it is whole', () => {
  let out = ''
  const talk = answerHttpText(
    ({ method, path, body }, answer) => answer({ code: 200, headers: {}, body: `${method} ${path} ${body}é` }),
    { text: (chunk) => (out += chunk), end: () => (out += '<end>') },
  )
  talk('POST /a HTTP/1.1\r\nHost: x\r\nContent-')
  expect(out).toBe('')
  talk('Length: 2\r\n\r\nhiGET /b HTTP/1.1\r\nConnection: close\r\n\r\n')
  expect(out).toBe(
    'HTTP/1.1 200 OK\r\ncontent-length: 12\r\n\r\nPOST /a hié' + 'HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nGET /b é<end>',
  )
})
