/** Command lines as getopt reads them. */
export interface OptionNames {
  /** Letters that take a value, e.g. 'oHXd'. All other letters are flags. */
  readonly values: string
  /** Long options: the letter or name that they are kept under; those that take a value end with '='. */
  readonly long: { readonly [name: string]: string }
  /** Long options with one dash ('-type=A'). */
  readonly single?: boolean
}

export interface Options {
  has(name: string): boolean
  /** The last value given. */
  value(name: string): string | undefined
  values(name: string): readonly string[]
  readonly words: readonly string[]
  /** An option that the program does not know. */
  readonly unknown: string | undefined
}

export function readOptions(args: readonly string[], names: OptionNames): Options {
  const given = new Map<string, string[]>()
  const words: string[] = []
  let unknown: string | undefined
  const add = (name: string, value: string) => given.set(name, [...(given.get(name) ?? []), value])
  for (let i = 0; i < args.length; i++) {
    const word = args[i] as string
    if (word === '--') {
      words.push(...args.slice(i + 1))
      break
    }
    if (word.startsWith('--') || (names.single && word.startsWith('-') && word.length > 2)) {
      const [, name = '', value] = /^--?([^=]+)(?:=(.*))?$/s.exec(word) ?? []
      const target = names.long[name]
      if (target === undefined) unknown ??= word
      else if (!target.endsWith('=')) add(target, '')
      else add(target.slice(0, -1), value ?? args[++i] ?? '')
    } else if (word.startsWith('-') && word.length > 1) {
      for (let at = 1; at < word.length; at++) {
        const letter = word[at] as string
        if (!names.values.includes(letter)) add(letter, '')
        else {
          const rest = word.slice(at + 1)
          add(letter, rest !== '' ? rest : (args[++i] ?? ''))
          break
        }
      }
    } else words.push(word)
  }
  return {
    has: (name) => given.has(name),
    value: (name) => given.get(name)?.at(-1),
    values: (name) => given.get(name) ?? [],
    words,
    unknown,
  }
}
