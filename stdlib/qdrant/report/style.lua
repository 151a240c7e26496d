--- The style of pages, and the few lines of JavaScript that sort their tables.
local style = {}

style.css = [[
:root{color-scheme:light dark;--page:#f6f7f9;--card:#fff;--ink:#15191f;--soft:#5a6472;
--rule:#e1e5ea;
--axis:#aab2bd;--s1:#2f6fd6;--s2:#c8680f;--s3:#178a6a;--s4:#8452c4;--s5:#c23a67;--s6:#77780f;
--good:#1c8a4c;--warn:#b26a00;--bad:#c62f36;--none:#dfe3e8;--goodbg:#e3f4ea;--warnbg:#fdf0d9;
--badbg:#fde7e7}
@media (prefers-color-scheme:dark){:root{--page:#12151a;--card:#1a1e25;--ink:#e8ebf0;--soft:#9aa5b4;
--rule:#2c333d;--axis:#566070;--s1:#6ba3f7;--s2:#ee9a4a;--s3:#4dc2a0;--s4:#b48ff0;--s5:#f07fa3;
--s6:#c3c24b;
--good:#4fc481;--warn:#e8ac45;--bad:#f2777c;--none:#343c47;--goodbg:#173325;--warnbg:#3a2d14;
--badbg:#40201f}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);
font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,
"Helvetica Neue",Arial,sans-serif}
main{max-width:1240px;margin:0 auto;padding:28px 20px 60px}
h1{font-size:27px;line-height:1.2;margin:0 0 4px}h2{font-size:20px;margin:38px 0 4px}
h3{font-size:15px;margin:0 0 10px;font-weight:600}
p{margin:4px 0 12px}.soft{color:var(--soft)}
nav{margin:14px 0 0}nav a{color:inherit;margin-right:18px}
.card{background:var(--card);border:1px solid var(--rule);border-radius:8px;padding:16px 18px;
margin:14px 0}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:12px;
margin:14px 0}
.figure{background:var(--card);border:1px solid var(--rule);border-radius:8px;padding:12px 16px}
.figure b{display:block;font-size:26px;line-height:1.25;font-weight:600}
.figure span{color:var(--soft);font-size:13px}
.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(420px,100%),1fr));gap:14px}
.pair .card{margin:0;min-width:0}
.scroll{overflow-x:auto}
.scroll>svg{min-width:440px}
svg{display:block;width:100%;height:auto}
svg text{font-size:12.5px;fill:var(--soft)}svg text.value{fill:var(--ink)}
.s1{fill:var(--s1)}.s2{fill:var(--s2)}.s3{fill:var(--s3)}.s4{fill:var(--s4)}.s5{fill:var(--s5)}
.s6{fill:var(--s6)}
.line{fill:none;stroke-width:1.8;stroke-linejoin:round}
.line.s1{stroke:var(--s1)}.line.s2{stroke:var(--s2)}.line.s3{stroke:var(--s3)}
.line.s4{stroke:var(--s4)}
.line.s5{stroke:var(--s5)}.line.s6{stroke:var(--s6)}
.grid{stroke:var(--rule)}.axis{stroke:var(--axis)}.limit{stroke:var(--bad);stroke-dasharray:5 4}
.zone{fill:transparent}.zone:hover{fill:var(--axis);fill-opacity:.16}
svg .good{fill:var(--good)}svg .warn{fill:var(--warn)}svg .bad{fill:var(--bad)}
svg .none{fill:var(--none)}
.track{fill:var(--none)}
table{border-collapse:collapse;width:100%;font-size:14px}
caption{text-align:left;font-weight:600;font-size:15px;padding-bottom:8px}
th,td{text-align:left;padding:6px 12px 6px 0;border-bottom:1px solid var(--rule);vertical-align:top;
white-space:nowrap}
td.wrap{white-space:normal;min-width:150px}
th{color:var(--soft);font-weight:600;border-bottom-color:var(--axis)}
td.number,th.number{text-align:right;padding-right:20px;font-variant-numeric:tabular-nums}
tr:last-child td{border-bottom:0}
th button{all:unset;cursor:pointer}th button:focus-visible{outline:2px solid var(--s1);
outline-offset:2px}
th[aria-sort=ascending] button::after{content:" \25B4"}
th[aria-sort=descending] button::after{content:" \25BE"}
.state{display:inline-block;border-radius:4px;padding:0 7px}
.good{color:var(--good)}.warn{color:var(--warn)}.bad{color:var(--bad)}
.state.good{background:var(--goodbg)}.state.warn{background:var(--warnbg)}
.state.bad{background:var(--badbg)}
.state.rest{background:var(--none)}
.spark{display:inline-block;width:100px;vertical-align:middle}
.meter{display:inline-block;width:70px;vertical-align:middle;margin-right:8px}
code{font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
pre{background:var(--card);border:1px solid var(--rule);border-radius:6px;padding:9px 13px;
overflow-x:auto;margin:8px 0 16px}h3.part{margin:26px 0 6px}
footer{color:var(--soft);font-size:13px;margin-top:36px}
@media print{:root{color-scheme:light;--page:#fff;--card:#fff;--ink:#000;--soft:#444;--rule:#ccc;
--axis:#888;
--s1:#2f6fd6;--s2:#c8680f;--s3:#178a6a;--s4:#8452c4;--s5:#c23a67;--s6:#77780f;--good:#1c8a4c;
--warn:#b26a00;
--bad:#c62f36;--none:#dfe3e8;--goodbg:#fff;--warnbg:#fff;--badbg:#fff}
@page{size:A4 landscape;margin:12mm}
*{-webkit-print-color-adjust:exact;print-color-adjust:exact}
body{font-size:11px}main{max-width:none;padding:0}nav{display:none}table{font-size:10px}
h2,h2+p,h3,h3+p,caption{break-after:avoid}
.figures,.figure,.chart,.short,thead,tr,svg{break-inside:avoid}.card{padding:10px 12px}
.scroll{overflow:visible}.scroll>svg{min-width:0}thead{display:table-header-group}
th,td{padding:3px 10px 3px 0}td.number,th.number{padding-right:12px}
td.wrap{min-width:90px;overflow-wrap:break-word}code{font-size:9px}
.figure b{font-size:19px}.figure{padding:8px 12px}.pair{grid-template-columns:1fr 1fr}
.meter{width:40px}.spark{width:70px}}
]]

-- Rows without a value come last, in either direction.
style.script = [[
document.querySelectorAll("th button").forEach(function(button){
  button.addEventListener("click",function(){
    var head=button.parentNode,table=head.closest("table"),body=table.tBodies[0];
    var column=Array.prototype.indexOf.call(head.parentNode.children,head);
    var down=head.getAttribute("aria-sort")==="ascending";
    table.querySelectorAll("th").forEach(function(other){other.removeAttribute("aria-sort")});
    head.setAttribute("aria-sort",down?"descending":"ascending");
    var numeric=head.classList.contains("number")||head.dataset.sort==="number";
    Array.from(body.rows).sort(function(a,b){
      var x=a.cells[column].dataset.v,y=b.cells[column].dataset.v;
      if(x===undefined||y===undefined)return (x===undefined)-(y===undefined);
      var order=numeric?x-y:x.localeCompare(y,undefined,{numeric:true});
      return down?-order:order;
    }).forEach(function(row){body.appendChild(row)});
  });
});
]]

return style
