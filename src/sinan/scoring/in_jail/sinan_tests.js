// In the sandbox: runs the tests; the functions they call are those of the program, in another process. Handed over on
// the command line behind sinan_equal.js, whose `equal` it finds: a file could be written over by the program.
const fs = require('fs')
const v8 = require('v8')
const vm = require('vm')

const exam = JSON.parse(fs.readFileSync(0, 'utf8'))
const NAMES = /[A-Za-z_$][\w$]*/g
const WORDS = new Set(('break case catch class const continue debugger default delete do else export extends false ' +
  'finally for function if import in instanceof new null return super switch this throw true try typeof var void ' +
  'while with let static yield await enum').split(' '))
let lost = ''
let last = ''

function exactly (size) {
  if (size > (1 << 28)) throw new Error('a message that is too long')
  const data = Buffer.alloc(size)
  for (let at = 0; at < size;) {
    const read = fs.readSync(3, data, at, size - at)
    if (read === 0) throw new Error('it ended while its functions were called')
    at += read
  }
  return data
}

function received () {
  if (lost) throw new Error(lost)
  try {
    return v8.deserialize(exactly(exactly(4).readUInt32LE()))
  } catch (error) {
    lost = `the program answered no more: ${error.message}`.slice(0, 300)
    throw new Error(lost)
  }
}

function send (message) {
  const body = v8.serialize(message)
  const size = Buffer.alloc(4)
  size.writeUInt32LE(body.length)
  const data = Buffer.concat([size, body])
  try {
    for (let at = 0; at < data.length;) at += fs.writeSync(4, data, at)
  } catch (error) {
    lost = 'the program answered no more'
    throw new Error(lost)
  }
}

function valueOf (answer) {
  if (answer === null || typeof answer !== 'object') throw new Error(lost = 'the program answered what is no answer')
  if (answer.raised) {
    const error = new Error(String(answer.raised.text))
    error.name = String(answer.raised.name)
    throw error
  }
  return answer.opaque ? Symbol('of the program') : answer.value // a symbol equals nothing else
}

function remote (name) {
  return (...given) => {
    send({ call: name, given })
    const value = valueOf(received())
    last = String(require('util').inspect(value)).slice(0, 200)
    return value
  }
}

function report (went) {
  fs.writeSync(5, JSON.stringify(went))
  process.exit(0)
}

function required (name) {
  return name === 'lodash' ? equal : require(name)
}

let hello
try {
  hello = received()
} catch (error) {
  hello = null
}
if (!hello || hello.loaded !== true) {
  const told = hello && hello.broken ? `${hello.broken.name}: ${hello.broken.text}` : 'it ended while it was loaded'
  report({ failed: 'the program cannot be run', error: told.slice(0, 500) })
}

let tests
try {
  const source = `(function (exports, require, module, __filename, __dirname) {${exam.test}\n})`
  tests = vm.runInThisContext(source, { filename: 'tests.js' })
} catch (error) {
  report({ unfit: `the tests cannot be compiled: ${error.message}` })
}
try {
  const names = [...new Set(exam.test.match(NAMES))].filter(name => !WORDS.has(name) && !(name in globalThis))
  send({ are: names })
  const known = valueOf(received())
  for (const name of names) if (Array.isArray(known) && known.includes(name)) globalThis[name] = remote(name)
  if (exam.entry_point) globalThis[exam.entry_point] = remote(exam.entry_point)
  tests({}, required, { exports: {} }, 'tests.js', '.')
} catch (error) {
  console.error(error)
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  const at = /tests\.js:(\d+)/.exec((error && error.stack) || '')
  const line = at ? (exam.test.split('\n')[at[1] - 1] || '').trim() : ''
  report({ failed: lost || 'a test failed', error: text.slice(0, 500), line: line.slice(0, 300), gave: last })
}
report(lost ? { failed: lost } : { passed: true })
