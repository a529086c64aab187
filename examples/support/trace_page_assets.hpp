// SPDX-License-Identifier: MIT
//
// Style and script of the trace page. Without the script the page still shows everything; it adds
// the filter by session and "open all". The hash goes into the page's content policy, so that this
// script runs and no other; a test tells when it no longer fits.

#pragma once

#include <string_view>

namespace examples {

inline constexpr std::string_view trace_page_style = R"css(
:root{color-scheme:light dark;
 --page:#f6f6f4;--card:#fff;--sunk:#f3f4f5;--ink:#1c2026;--soft:#5d6672;--faint:#8c95a1;--line:#e4e6e9;
 --agent:#7157c9;--llm:#2f6fd6;--tool:#17856a;--chain:#647184;--bad:#c4372c;--gone:#a07a2c;
 --user:#e8f0fc;--mono:ui-monospace,"SF Mono","Cascadia Code",Menlo,Consolas,"DejaVu Sans Mono",monospace}
@media(prefers-color-scheme:dark){:root{
 --page:#101317;--card:#181c22;--sunk:#12161b;--ink:#e4e7eb;--soft:#a2abb7;--faint:#78828f;--line:#2a3038;
 --agent:#a28ff0;--llm:#6ea4f4;--tool:#4fbf9f;--chain:#95a1b3;--bad:#f0786c;--gone:#d3ab5c;--user:#1c2a40}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);
 font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;
 font-variant-numeric:tabular-nums}
main{max-width:1180px;margin:0 auto;padding:40px 24px 80px}
h1{font-size:26px;line-height:1.2;letter-spacing:-.01em;margin:0}
h2{font-size:13px;font-weight:600;color:var(--soft);margin:36px 0 10px;display:flex;align-items:baseline;gap:12px}
h2 button{margin-left:auto}
p{margin:0}
.top p,.hint{color:var(--faint)}
.top p{margin-top:4px}
.hint{font-weight:400}
.warning{margin-top:16px;color:var(--gone)}
.card,.trace,.totals{background:var(--card);border:1px solid var(--line);border-radius:10px}
button{font:inherit;font-size:13px;color:var(--llm);background:none;border:0;padding:0;cursor:pointer}
button:hover{text-decoration:underline}
:focus-visible{outline:2px solid var(--llm);outline-offset:2px;border-radius:4px}

.totals{display:grid;grid-template-columns:repeat(6,1fr);margin:28px 0 0;overflow:hidden}
.totals>div{padding:16px 18px;box-shadow:1px 1px 0 var(--line)}
.totals dt{font-size:13px;color:var(--soft)}
.totals dt i{display:inline-block;width:7px;height:7px;border-radius:50%;background:var(--bad);margin-left:7px;vertical-align:1px}
.totals dd{margin:2px 0 0;font-size:24px;line-height:1.25;font-weight:600;letter-spacing:-.01em;white-space:nowrap}
.totals .note{font-size:12.5px;font-weight:400;letter-spacing:0;color:var(--faint);white-space:normal}

.axis{position:relative;height:20px;font-size:11.5px;color:var(--faint)}
.axis span{position:absolute;padding-left:4px;white-space:nowrap}
.lane{position:relative;background:repeating-linear-gradient(to right,var(--line) 0 1px,transparent 1px var(--step))}
.overview{padding:12px 18px 14px}
.overview .lane{height:28px}
.turn-bar{position:absolute;top:3px;height:22px;min-width:2px;text-indent:8px;border-radius:5px;overflow:hidden;
 background:var(--agent);color:#fff;font-size:12.5px;line-height:22px;text-decoration:none;white-space:nowrap;text-overflow:ellipsis}
.turn-bar:hover{filter:brightness(1.1)}
.turn-bar.failed{background:var(--bad)}.turn-bar.cancelled{background:var(--gone)}
.dense .lane{height:9px}.dense .turn-bar{top:1px;height:7px;border-radius:2px;text-indent:0;font-size:0}
@media(prefers-color-scheme:dark){.turn-bar{color:#14171b}}

.sessions{overflow-x:auto}
table{border-collapse:collapse;width:100%}
.sessions th,.sessions td{padding:8px 18px;text-align:right;font-weight:400;white-space:nowrap}
.sessions th:first-child,.sessions td:nth-child(2),.sessions th:nth-child(2){text-align:left}
.sessions thead th{font-size:12.5px;color:var(--faint)}
.sessions tbody tr{border-top:1px solid var(--line)}
.sessions .failed{color:var(--bad)}
.sessions button{font-size:inherit}
.sessions button[aria-pressed=true]{font-weight:600;text-decoration:underline}
html:not(.js) .sessions button{color:inherit;cursor:auto;text-decoration:none}

.trace{margin-bottom:14px;padding:16px 0 8px;scroll-margin-top:16px}
.trace:target{border-color:var(--llm)}
.trace header{display:flex;align-items:baseline;gap:16px;padding:0 18px}
.trace h3{margin:0;font-size:16px;flex:1;min-width:0}
.trace header p{color:var(--faint);font-size:13px;white-space:nowrap}
.trace header b{font-weight:600;color:var(--ink);margin:0 10px}
.trace header b:last-child{margin-right:0}
.gist{padding:4px 18px 0;color:var(--soft);max-width:100ch}
.gist span{display:-webkit-box;-webkit-box-orient:vertical;-webkit-line-clamp:1;overflow:hidden;unicode-bidi:plaintext}
.gist span+span{color:var(--ink)}
.waterfall{margin-top:10px}
.waterfall>.axis{margin:0 92px 0 calc(18px + (100% - 36px)*.33)}
summary{cursor:pointer;list-style:none}
summary::-webkit-details-marker{display:none}
.span>summary{display:grid;grid-template-columns:33% 1fr 74px;align-items:stretch;padding:0 18px;min-height:32px}
.span>summary:hover,.span[open]>summary{background:var(--sunk)}
.name{display:flex;align-items:center;gap:8px;min-width:0;padding-left:calc(var(--depth)*20px);padding-right:14px}
.name .label-text{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.took{align-self:center;text-align:right;font-size:13px;color:var(--soft);white-space:nowrap}
.kind{flex:none;font-size:10.5px;font-weight:600;line-height:17px;padding:0 6px;border-radius:4px;color:var(--chain);border:1px solid}
.outcome{flex:none;font-size:12px;font-weight:600;line-height:18px;padding:0 7px;border-radius:9px;color:var(--card)}
h3 .outcome{margin-left:10px;vertical-align:2px}
.outcome.failed{background:var(--bad)}.outcome.cancelled{background:var(--gone)}
.kind.AGENT{color:var(--agent)}.kind.TOOL{color:var(--tool)}
.kind.LLM,.kind.EMBEDDING,.kind.RERANKER{color:var(--llm)}
.bar{position:absolute;top:50%;height:12px;margin-top:-6px;min-width:3px;border-radius:3px;background:var(--tint);--tint:var(--chain);overflow:hidden}
.bar.AGENT{--tint:var(--agent);height:6px;margin-top:-3px}.bar.TOOL{--tint:var(--tool)}
.bar.LLM,.bar.EMBEDDING,.bar.RERANKER{--tint:var(--llm)}
.bar.failed{--tint:var(--bad)}.bar.cancelled{--tint:var(--gone)}
.bar.streamed::before{content:"";position:absolute;inset:0;background:var(--card);opacity:.58}
.bar i{position:absolute;top:0;bottom:0;right:0;background:var(--tint);border-left:2px solid var(--ink)}
)css"
                                                     R"css(
.details{display:grid;grid-template-columns:minmax(0,1fr) 300px;gap:20px 28px;padding:18px;background:var(--sunk);border-bottom:1px solid var(--line)}
.details>.failure,.details>.fold{grid-column:1/-1}
.failure{border-left:3px solid var(--bad);padding:2px 0 2px 12px;overflow-wrap:anywhere}
.failure strong{color:var(--bad);font-weight:600}
.failure p{color:var(--soft)}
.talk{display:flex;flex-direction:column;gap:10px;align-items:flex-start}
.bubble{max-width:88%;padding:9px 13px 10px;border-radius:12px;background:var(--card);border:1px solid var(--line);overflow-wrap:anywhere}
.bubble.user{align-self:flex-end;background:var(--user);border-color:transparent}
.bubble.system{max-width:100%;background:none;border-style:dashed;color:var(--soft)}
.bubble.tool{border-left:3px solid var(--tool);border-radius:6px}
.who{display:block;font-size:12px;color:var(--faint);margin-bottom:1px}
.said{white-space:pre-wrap;unicode-bidi:plaintext}
.thought{color:var(--soft)}
.turn{align-self:stretch;display:flex;align-items:center;gap:10px;font-size:12px;color:var(--faint)}
.turn::before,.turn::after{content:"";flex:1;border-top:1px solid var(--line)}
.call{margin-top:6px;border-left:3px solid var(--tool);padding-left:10px}
.call-name{font:600 13px/1.5 var(--mono);color:var(--tool)}
pre{margin:4px 0 0;font:12.5px/1.5 var(--mono);white-space:pre-wrap;overflow-wrap:anywhere;max-height:340px;overflow:auto}
.side{min-width:0}
.facts{display:grid;grid-template-columns:80px minmax(0,1fr);gap:5px 12px;margin:0}
.facts dt{overflow-wrap:anywhere;color:var(--faint);font-size:13px;line-height:22px}
.facts dd{margin:0;overflow-wrap:anywhere}
.facts small{color:var(--faint);font-size:12.5px;margin-left:7px}
.facts .note{display:block;margin-left:0}
.tokens{display:flex;height:6px;margin:9px 0 6px;gap:2px}
.tokens i{min-width:3px;border-radius:3px;background:var(--faint);opacity:.55}.tokens .out{background:var(--llm);opacity:1}
.tag{display:inline-block;font-size:12.5px;line-height:20px;padding:0 8px;margin:0 5px 4px 0;border-radius:10px;border:1px solid var(--line);background:var(--card)}
.label{font-size:13px;color:var(--faint);margin-top:16px}
.label+.facts{margin-top:4px}
.talk .label{margin:0 0 -8px}
.talk>pre{align-self:stretch;background:var(--card);border:1px solid var(--line);border-radius:8px;padding:10px 13px}
.events{list-style:none;margin:4px 0 0;padding:0;font-size:13.5px}
.events time{color:var(--soft);margin-right:6px}
.events small{display:block;color:var(--faint);padding-left:12px;overflow-wrap:anywhere}
.fold>summary{font-size:13px;color:var(--soft);margin-top:12px}
.details>.fold>summary{margin:0}
.fold>summary::before{content:"\25B8\00A0"}.fold[open]>summary::before{content:"\25BE\00A0"}
.bubble .fold>summary{margin:2px 0}
.raw{margin-top:8px;font:12.5px/1.5 var(--mono);table-layout:fixed}
.raw th{width:32%;text-align:left;font-weight:400;color:var(--soft);vertical-align:top;padding:3px 14px 3px 0;overflow-wrap:anywhere}
.raw td{padding:3px 0;overflow-wrap:anywhere;white-space:pre-wrap;vertical-align:top}
.raw tr{border-top:1px solid var(--line)}
.off{display:none}.turn-bar.off{display:block;opacity:.22}

@media(max-width:900px){.totals{grid-template-columns:repeat(3,1fr)}}
@media(max-width:720px){
 main{padding:24px 12px 48px}
 .totals{grid-template-columns:repeat(2,1fr)}
 .hint{display:none}
 .trace header{display:block}.trace header p{margin-top:2px}
 .trace header b:first-of-type{margin-left:10px}
 .trace header,.gist{padding-left:14px;padding-right:14px}
 .waterfall>.axis{margin:0 14px}
 .span>summary{grid-template-columns:1fr auto;padding:6px 14px}
 .name{min-height:24px;padding-left:calc(var(--depth)*14px)}
 .span>summary .lane{grid-row:2;grid-column:1/-1;height:20px}
 .details{grid-template-columns:minmax(0,1fr);padding:14px}
 .bubble{max-width:96%}
 .sessions th,.sessions td{padding:8px 12px}}
@media print{.details{break-inside:avoid}}
)css";

inline constexpr std::string_view trace_page_script = R"js(
document.documentElement.classList.add('js');
const rows = [...document.querySelectorAll('details.span')];
const filters = [...document.querySelectorAll('[data-filter]')];
const all = document.getElementById('all');
if (all) {
  all.hidden = false;
  all.onclick = () => {
    const open = all.textContent === 'Open all';
    for (const row of rows) row.open = open;
    all.textContent = open ? 'Close all' : 'Open all';
  };
}
let chosen = null;
for (const button of filters) {
  button.title = 'Show only this session';
  button.onclick = () => {
    chosen = chosen === button.dataset.filter ? null : button.dataset.filter;
    for (const other of filters) other.setAttribute('aria-pressed', other.dataset.filter === chosen);
    for (const item of document.querySelectorAll('[data-session]')) {
      item.classList.toggle('off', chosen !== null && item.dataset.session !== chosen);
    }
  };
}
)js";

inline constexpr std::string_view trace_page_script_sha256 =
    "QMA87orwYDTM/FeHkpYW/HcBFKtc+uhOnr4GR+EGZh4=";

}  // namespace examples
