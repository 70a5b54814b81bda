"""scores.py PAGE REPORT: the four scores of a Lighthouse report and what costs points; 1 where one is under 100."""

import json
import sys

page, report = sys.argv[1:]
with open(report, encoding="utf-8") as file:
    said = json.load(file)
whole = True
for category in said["categories"].values():
    score = round((category["score"] or 0) * 100)
    whole = whole and score == 100
    print(f"{page:<24}{category['title']:<16}{score:>4}")
    for part in category["auditRefs"]:
        audit = said["audits"][part["id"]]
        if part["weight"] > 0 and audit["score"] is not None and audit["score"] < 1:
            print(f"    {audit['id']}: {audit['score']} ({audit.get('displayValue', audit['title'])})")
sys.exit(0 if whole else 1)
