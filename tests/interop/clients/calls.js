// SPDX-License-Identifier: MIT
//
// The calls of clients.py with the official client for JavaScript: prints what each came to, as one
// JSON object. Nothing but the base URL and the key is set.

import OpenAI from 'openai';

const client = new OpenAI({ baseURL: process.env.BASE_URL, apiKey: process.env.KEY, maxRetries: 0 });
const model = 'openai/gpt-4o-mini';
const messages = [{ role: 'user', content: 'Where does the night ferry land?' }];
const tools = [{
  type: 'function',
  function: {
    name: 'tide_table',
    description: 'When the tide is high at a port',
    parameters: { type: 'object', properties: { port: { type: 'string' } }, required: ['port'] },
  },
}];

const said = {};

const chat = await client.chat.completions.create({ model, messages });
said.chat = { text: chat.choices[0].message.content, finish: chat.choices[0].finish_reason,
  prompt: chat.usage.prompt_tokens, completion: chat.usage.completion_tokens };

const stream = await client.chat.completions.create(
  { model, messages, stream: true, stream_options: { include_usage: true } });
said.stream = { text: '', finish: null, prompt: null, completion: null };
for await (const chunk of stream) {
  said.stream.text += chunk.choices[0]?.delta?.content ?? '';
  said.stream.finish = chunk.choices[0]?.finish_reason ?? said.stream.finish;
  if (chunk.usage) {
    said.stream.prompt = chunk.usage.prompt_tokens;
    said.stream.completion = chunk.usage.completion_tokens;
  }
}

const asked = [{ role: 'user', content: 'When is the tide high at the north port?' }];
const first = await client.chat.completions.create({ model, messages: asked, tools });
const call = first.choices[0].message.tool_calls[0];
const second = await client.chat.completions.create({ model, tools, messages: [...asked,
  first.choices[0].message,
  { role: 'tool', tool_call_id: call.id, content: '{"high":"06:12"}' }] });
said.tools = { name: call.function.name, arguments: call.function.arguments,
  text: second.choices[0].message.content };

try {
  await client.chat.completions.create({ model: 'standin/error=429/openai/gpt-4o-mini', messages });
  said.error = { status: 200 };
} catch (error) {
  said.error = { status: error.status, type: error.constructor.name };
}

console.log(JSON.stringify(said));
