/** What a key does. Views carry their digit. */
export type Command =
  | { readonly type: 'view'; readonly key: string }
  | {
      readonly type:
        | 'search'
        | 'kind'
        | 'help'
        | 'back'
        | 'play'
        | 'step'
        | 'stepBack'
        | 'describe'
        | 'yaml'
        | 'events'
        | 'edit'
        | 'enlarge'
        | 'kinds'
        | 'dock'
    }

export interface KeyPress {
  readonly key: string
  readonly ctrlKey: boolean
  readonly metaKey: boolean
  readonly altKey: boolean
  /** The person is typing: only Esc means something. */
  readonly inText: boolean
  /** A control has the focus for which Space and digits mean something. */
  readonly onControl: boolean
}

const KEYS: { readonly [key: string]: Exclude<Command['type'], 'view'> } = {
  '/': 'search',
  ':': 'kind',
  '?': 'help',
  Escape: 'back',
  ' ': 'play',
  '.': 'step',
  ',': 'stepBack',
  d: 'describe',
  y: 'yaml',
  v: 'events',
  e: 'edit',
  '+': 'enlarge',
  '=': 'enlarge',
  k: 'kinds',
  b: 'dock',
}

/** The page's keyboard map. Null leaves the key to the browser. */
export function commandFor(press: KeyPress): Command | null {
  if (press.ctrlKey || press.metaKey || press.altKey) return null
  if (press.inText) return null
  if (press.onControl && press.key === ' ') return null
  if (/^[1-9]$/.test(press.key)) return { type: 'view', key: press.key }
  const type = Object.hasOwn(KEYS, press.key) ? KEYS[press.key] : undefined
  return type === undefined ? null : { type }
}

/** The keys as the help lists them; texts are in shell:help. */
export const KEY_HELP: readonly {
  readonly group: 'go' | 'time' | 'object' | 'page'
  readonly keys: readonly string[]
  readonly text: string
}[] = [
  { group: 'go', keys: ['/'], text: 'search' },
  { group: 'go', keys: [':'], text: 'kind' },
  { group: 'go', keys: ['1', '…', '9'], text: 'views' },
  { group: 'go', keys: ['Esc'], text: 'escape' },
  { group: 'time', keys: ['Space'], text: 'play' },
  { group: 'time', keys: ['.'], text: 'step' },
  { group: 'time', keys: [','], text: 'stepBack' },
  { group: 'object', keys: ['d'], text: 'describe' },
  { group: 'object', keys: ['y'], text: 'yaml' },
  { group: 'object', keys: ['v'], text: 'events' },
  { group: 'object', keys: ['e'], text: 'edit' },
  { group: 'page', keys: ['+'], text: 'enlarge' },
  { group: 'page', keys: ['k'], text: 'kinds' },
  { group: 'page', keys: ['b'], text: 'dock' },
  { group: 'page', keys: ['?'], text: 'help' },
]
